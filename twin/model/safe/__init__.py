"""The one hardened reader for every YAML and XML text that enters Stellwerk, and its writer."""

from twin.model.safe.document import Document
from twin.model.safe.validation import parse_model
from twin.model.safe.xmlreader import parse_xml
from twin.model.safe.yamlreader import load_yaml, parse_yaml
from twin.model.safe.yamlwriter import dump_yaml

__all__ = ["Document", "dump_yaml", "load_yaml", "parse_model", "parse_xml", "parse_yaml"]
