"""Lists of models that are kept from one start to the next."""

from __future__ import annotations

from pathlib import Path

from tests.gateway.serving import Pretended, config, gateway
from tests.simulation import SimulatorProcess

pytest_plugins = ("tests.simulation",)


def test_a_kept_list_says_nothing_against_what_the_settings_name(
    tmp_path: Path, simulator_process: SimulatorProcess
) -> None:
    simulator_process.order(provider="lab", models=["listed"])
    with gateway(tmp_path, config(simulator_process.url, [Pretended("lab")])) as running:
        assert running.ask("listed").status_code == 200
    simulator_process.order(provider="lab", models=["named"])
    with gateway(tmp_path, config(simulator_process.url, [Pretended("lab", models=("named",))])) as running:
        assert running.ask("named").status_code == 200
        assert running.ask("listed").status_code == 404


def test_a_kept_list_belongs_to_the_address_it_came_from(
    tmp_path: Path, simulator_process: SimulatorProcess
) -> None:
    sim = simulator_process
    for name in ("here", "there"):
        sim.order(provider=name, models=[f"only-{name}"])
    for name, other in (("here", "there"), ("there", "here"), ("here", "there")):
        lab = Pretended("lab", settings={"base_url": f"{sim.url}/{name}/v1"})
        with gateway(tmp_path, config(sim.url, [lab])) as running:
            assert running.ask(f"only-{name}").status_code == 200, name
            assert running.ask(f"only-{other}").status_code == 404, name
    assert len(sim.log(operation="models")) == 2, "who was listed at that address before is not asked again"
