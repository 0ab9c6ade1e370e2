"""Files for deployment: the InferenceService for KServe, checked by its schema, and the Containerfile."""

from __future__ import annotations

import copy
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from corinpaint.export import triton

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed; install corinpaint[serve]")
jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed; install corinpaint[dev]")

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def services() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((ROOT / "serve_config" / "kserve.yaml").read_text()))


@pytest.fixture(scope="module")
def service(services) -> dict[str, Any]:
    """The network alone, on Triton."""
    return services[1]


@pytest.fixture(scope="module")
def frames(services) -> dict[str, Any]:
    """The predictor that takes frames."""
    return services[0]


@pytest.fixture(scope="module")
def schema() -> Any:
    content = json.loads((ROOT / "tests" / "data" / "kserve_inferenceservice.json").read_text())
    jsonschema.Draft202012Validator.check_schema(content)
    return jsonschema.Draft202012Validator(content)


def test_the_services_follow_kserves_schema(services, schema):
    assert len(services) == 2
    for one in services:
        schema.validate(one)


def test_the_predictor_of_frames_follows_the_schema_in_its_container_too(frames, schema):
    (container,) = frames["spec"]["predictor"]["containers"]
    parts = {"securityContext": "V1SecurityContext", "resources": "V1ResourceRequirements"}
    parts |= {f"{name}Probe": "V1Probe" for name in ("startup", "readiness", "liveness")}
    for name, kind in parts.items():
        schema.evolve(schema={"$ref": f"#/$defs/{kind}", "$defs": schema.schema["$defs"]}).validate(container[name])
    predictor = frames["spec"]["predictor"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in predictor["volumes"]}


def test_the_predictor_of_frames_runs_a_command_with_probes_that_exist(frames, recipe):
    from click.testing import CliRunner

    from corinpaint.cli.main import main
    from corinpaint.handlers.asgi.app import application

    (container,) = frames["spec"]["predictor"]["containers"]
    words = [*container["command"], *container["args"]]
    told = CliRunner().invoke(main, [words[1], "--help"])
    assert all(word in told.output for word in words if word.startswith("--"))
    entry = json.loads(next(rest for word, rest in recipe if word == "ENTRYPOINT"))
    assert words[:3] == entry[:3]
    assert any("asgi" in rest for word, rest in recipe if word == "RUN" and "pip install" in rest)
    known = {route.path for route in application(None).routes}
    probes = {container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness", "liveness")}
    assert probes == {"/v2/health/ready", "/v2/health/live"} <= known
    grace = frames["spec"]["predictor"]["terminationGracePeriodSeconds"]
    assert grace > float(words[words.index("--drain") + 1])


def test_the_predictor_of_frames_has_no_rights_that_the_other_has_not(frames, service):
    mine, other = frames["spec"]["predictor"], service["spec"]["predictor"]
    assert mine["containers"][0]["securityContext"] == other["model"]["securityContext"]
    assert mine["securityContext"] == other["securityContext"]
    assert mine["automountServiceAccountToken"] is False
    assert frames["metadata"]["annotations"] == service["metadata"]["annotations"]


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [
        (("spec", "predictor", "model"), "storageURI", "s3://x"),
        (("spec", "predictor", "model"), "protocolVersion", 2),
        (("spec", "predictor", "model", "livenessProbe"), "httpGet", {"path": "/"}),
        (("spec", "predictor", "securityContext"), "readOnlyRootFilesystem", True),
        ((), "kind", "Deployment"),
    ],
)
def test_the_schema_refuses_an_invalid_service(service, schema, place, key, value):
    changed = copy.deepcopy(service)
    part = changed
    for name in place:
        part = part[name]
    part[key] = value
    with pytest.raises(jsonschema.ValidationError):
        schema.validate(changed)


def test_the_service_runs_without_rights_and_on_a_read_only_root(service):
    predictor = service["spec"]["predictor"]
    container = predictor["model"]["securityContext"]
    assert container["readOnlyRootFilesystem"] is True
    assert container["allowPrivilegeEscalation"] is container["privileged"] is False
    assert container["capabilities"]["drop"] == ["ALL"]
    assert predictor["securityContext"]["runAsNonRoot"] is container["runAsNonRoot"] is True
    assert predictor["automountServiceAccountToken"] is False
    assert service["metadata"]["annotations"]["networking.kserve.io/visibility"] == "cluster-local"


def test_the_service_requests_the_model_that_the_repository_holds(service):
    model = service["spec"]["predictor"]["model"]
    assert model["readinessProbe"]["httpGet"]["path"] == f"/v2/models/{triton.NAME}/ready"
    assert {"requests", "limits"} <= set(model["resources"])
    mounted = {mount["name"] for mount in model["volumeMounts"]}
    assert mounted == {volume["name"] for volume in service["spec"]["predictor"]["volumes"]}


@pytest.fixture(scope="module")
def recipe() -> list[tuple[str, str]]:
    """Instructions of the Containerfile, continued lines joined, comments left out."""
    text = (ROOT / "serve_config" / "Containerfile").read_text()
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#")).replace("\\\n", " ")
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines.splitlines() if line.strip()]


def test_everything_that_is_copied_exists_and_everything_that_is_installed_is_copied(recipe):
    copied = {name for word, rest in recipe if word == "COPY" and "--from" not in rest for name in rest.split()[:-1]}
    assert all((ROOT / name).exists() for name in copied)
    project = (ROOT / "pyproject.toml").read_text()
    rooms = set(re.findall(r'^"corinpaint[\w.]*" = "(\w+)"', project, flags=re.M))
    assert rooms | {"pyproject.toml", "setup.py", "README.md", "LICENSE", "constraints.txt"} == copied


def test_the_container_runs_as_an_unprivileged_user_and_has_a_health_check(recipe):
    last = [number for number, (word, _) in enumerate(recipe) if word == "FROM"][-1]
    final = recipe[last:]
    assert [rest.split(":")[0] for word, rest in final if word == "USER"] == ["10001"]
    assert final.index(("USER", "10001:10001")) < [word for word, _ in final].index("ENTRYPOINT")
    assert not [rest for word, rest in recipe if word == "ADD"]
    health = next(rest for word, rest in final if word == "HEALTHCHECK")
    config = (ROOT / "serve_config" / "config.properties").read_text()
    address = re.search(r"^metrics_address=(\S+)", config, flags=re.M)
    assert address is not None
    assert address[1] in health
    command = json.loads(health[health.index("CMD") + 3 :])
    compile(command[2], "healthcheck", "exec")


def test_the_container_uses_commands_and_options_that_exist(recipe):
    from click.testing import CliRunner

    from corinpaint.cli.main import main

    entry = json.loads(next(rest for word, rest in recipe if word == "ENTRYPOINT"))
    made = shlex.split(next(rest for word, rest in recipe if word == "RUN" and "export mar" in rest))
    assert entry[2] == f"{made[made.index('--output') + 1]}/corinpaint.mar"
    for words, options in ((entry[1:2], entry), (made[1:3], made)):
        told = CliRunner().invoke(main, [*words, "--help"])
        assert told.exit_code == 0
        assert all(option in told.output for option in options if option.startswith("--"))
