"""What looks like a secret in a configuration is masked, and what does not stays."""

from __future__ import annotations

import pytest
from lxml import etree

from controllers.raw_configuration import masked_text, masked_xml


@pytest.mark.parametrize(
    "line",
    [
        "enable secret 9 $9$CANARY",
        "username admin privilege 15 password 7 CANARY",
        "snmp-server community CANARY RO",
        " local-user admin password irreversible-cipher $1c$CANARY%^%#",
        "snmp-agent usm-user v3 u authentication-mode sha2-256 cipher CANARY",
        " ospf authentication-key CANARY",
        " key-string CANARY",
        " pre-shared-key CANARY",
        "radius-server shared-key cipher CANARY",
        "wpa_passphrase=CANARY",
        "wpa_psk=CANARY",
        "auth_server_shared_secret=CANARY",
        "sae_password=CANARY|mac=ff:ff:ff:ff:ff:ff",
        "wep_key0=CANARY",
        "private_key_passwd=CANARY",
        "\toption key 'CANARY'",
        "\toption key1 'CANARY'",
        "\toption auth_secret 'CANARY'",
        "tacacs server key: CANARY",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nCANARY\nCANARY\n-----END OPENSSH PRIVATE KEY-----",
    ],
)
def test_secrets_of_a_command_line_are_masked(line: str) -> None:
    masked = masked_text(f"hostname r\n{line}\nend\n")
    assert "CANARY" not in masked
    assert "***" in masked
    assert masked.startswith("hostname r\n")
    assert masked.endswith("\nend\n")


@pytest.mark.parametrize(
    "line",
    [
        "hostname keymaster",
        "interface GigabitEthernet0/0/1",
        " description to the keynote hall",
        "ssid=Stadt",
        "\toption channel '36'",
        "ip router-id 192.0.2.1",
        "wpa_key_mgmt=WPA-PSK",
        "service password-encryption",
    ],
)
def test_what_is_no_secret_stays(line: str) -> None:
    assert masked_text(line) == f"{line}\n"


def test_lines_that_change_by_themselves_are_left_out() -> None:
    text = (
        "Building configuration...\n! Last configuration change at 10:00\nhostname r\n!Time: now\n"
    )
    assert masked_text(text) == "hostname r\n"


def test_secrets_of_netconf_are_masked() -> None:
    root = etree.fromstring(
        "<data><user xmlns='urn:x'><name>admin</name><password>CANARY</password>"
        "<hashed-password>CANARY</hashed-password><wpa2-psk>CANARY</wpa2-psk>"
        "<auth-key>CANARY</auth-key><secret-key>CANARY</secret-key><key><id>1</id></key>"
        "<keepalive>3</keepalive></user></data>"
    )
    text = masked_xml(root)
    assert "CANARY" not in text
    assert "<name>admin</name>" in text
    assert "<id>1</id>" in text
    assert "<keepalive>3</keepalive>" in text
