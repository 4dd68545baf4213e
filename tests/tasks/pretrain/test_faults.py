import math

from tasks.pretrain import faults


def test_a_fault_belongs_to_the_positions_of_its_steps():
    planned = [{"step": 3, "kind": "nan"}, {"step": 5, "kind": "scale", "factor": 100, "steps": 2}]
    factors = [faults.factor(planned, position) for position in range(7)]
    assert [index for index, value in enumerate(factors) if math.isnan(value)] == [2]
    assert factors[4:6] == [100, 100]
    assert factors[0] == factors[1] == factors[3] == factors[6] == 1


def test_the_environment_plans_faults_and_usually_none(monkeypatch):
    monkeypatch.delenv("SMELT_FAULTS", raising=False)
    assert faults.from_environment() == []
    monkeypatch.setenv("SMELT_FAULTS", '[{"step": 1, "kind": "nan"}]')
    assert faults.from_environment() == [{"step": 1, "kind": "nan"}]
