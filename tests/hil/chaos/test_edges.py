"""The list of edges is closed: every result in every phase is in it, or says why it is not."""

from __future__ import annotations

from controllers.steps import Done, Failed, Fault, Op, Phase
from hil.chaos.edges import EDGES, EXCLUDED, name_of, result_of


def test_every_result_is_to_be_reached_or_excluded_with_a_reason():
    every = {
        ("result", phase, op, result)
        for phase in Phase
        for op in Op
        for result in ("done", "silence", "refusal")
    }
    listed = {edge for edge in EDGES if edge[0] == "result"}
    assert every <= listed | set(EXCLUDED)
    assert not listed & set(EXCLUDED)
    assert all(len(reason) > 20 for reason in EXCLUDED.values())


def test_nothing_comes_before_the_start_or_after_the_end():
    phases = {edge[1] for edge in EDGES if edge[0] == "result"}
    assert phases == {str(phase) for phase in Phase} - {"start", "end"}


def test_results_are_told_apart_as_the_machine_does():
    def failed(op, fault):
        return result_of(Failed(0.0, "d", op, fault, ""))

    assert result_of(Done(0.0, "d", Op.READ)) == "done"
    assert failed(Op.READ, Fault.BROKEN) == failed(Op.READ, Fault.UNREACHABLE) == "silence"
    assert failed(Op.READ, Fault.AUTH) == "refusal"
    assert failed(Op.PREPARE, Fault.AUTH) == "auth"
    assert failed(Op.LOCK, Fault.LOCKED) == "locked"
    assert failed(Op.DISCARD, Fault.CONFLICT) == "conflict"


def test_edges_have_names_of_their_own():
    assert len({name_of(edge) for edge in EDGES}) == len(EDGES)
    assert name_of(("killed", "gate")) == "killed: gate"
