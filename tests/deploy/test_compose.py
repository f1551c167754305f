"""docker-compose.yml, as far as it can be held against the code without a container engine."""

import importlib.util
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from server.launcher import postgres
from server.launcher.web import OPTIONS, WebAddress
from tests.deploy.compose import (
    ROOT,
    compose,
    example,
    filled,
    mounted,
    postgres_settings,
    service,
)

OURS = ("web-1", "web-2", "worker", "probe", "migrate", "backup", "media-1", "media-2")
WEB = ("web-1", "web-2", "worker", "migrate", "backup")
MEDIA = ("media-1", "media-2")
SECRETS = ("SECRET", "PASSWORD", "KEYS")


def read_by(module: Path) -> set[str]:
    """The THIRDS_… variables and addresses that a module of ours reads."""
    text = module.read_text(encoding="utf-8")
    return set(re.findall(r"\b(THIRDS_[A-Z_]+|DATABASE_URL|REDIS_URL)\b", text))


SETTINGS = read_by(ROOT / "server" / "settings" / "environment.py")
NODE = read_by(ROOT / "server" / "media" / "configuration.py")
PROBE = read_by(ROOT / "server" / "probe" / "configuration.py")
NOT_IN_COMPOSE = {"THIRDS_DEMO", "THIRDS_DEMO_CODE", "THIRDS_HOSTS", "THIRDS_MEDIA_CONTROL"}
"""Production refuses the first two; the third is for a second name; nodes are found by lease."""
NOT_EVERYBODYS = {
    "web-1": {"THIRDS_METRICS"},
    "web-2": {"THIRDS_METRICS"},
    "worker": {"THIRDS_AUDIT_CHECKPOINTS"},
    "migrate": {"THIRDS_DATABASE_ROLE"},
    "backup": {"THIRDS_DATABASE_ROLE", "THIRDS_BACKUP_KEYS"},
}
"""What only some of them are told."""


def test_every_service_of_the_design_is_there() -> None:
    names = {*OURS, "postgres", "valkey", "proxy", "turn"}
    assert set(compose()["services"]) == names


@pytest.mark.parametrize("name", WEB)
def test_web_is_told_everything_that_settings_read(name: str) -> None:
    """A variable that settings learn to read is missing here until somebody decides on it."""
    told = set(service(name)["environment"])
    kept_back = set().union(*NOT_EVERYBODYS.values()) - NOT_EVERYBODYS.get(name, set())
    assert told == SETTINGS - NOT_IN_COMPOSE - kept_back


@pytest.mark.parametrize("name", MEDIA)
def test_a_node_is_told_only_what_nodes_read(name: str) -> None:
    told = set(service(name)["environment"])
    assert told - NODE == set()
    assert {"THIRDS_MEDIA_SECRET", "THIRDS_MEDIA_ANNOUNCE", "REDIS_URL"} <= told


def test_the_probe_is_told_what_it_reads() -> None:
    """Kills: a probe that is given the database."""
    assert set(service("probe")["environment"]) == PROBE


def test_the_probe_reaches_the_store_and_the_nodes_public_address() -> None:
    assert service("probe")["networks"] == ["inside", "front"]


def test_nodes_differ_where_two_on_one_host_must() -> None:
    first, second = (service(name)["environment"] for name in MEDIA)
    same = {name for name in first if first[name] == second[name]}
    assert set(first) - same == {
        "THIRDS_MEDIA_NODE",
        "THIRDS_MEDIA_CONTROL_ANNOUNCE",
        "THIRDS_MEDIA_PORT",
    }


@pytest.mark.parametrize("name", MEDIA)
def test_a_nodes_port_is_open_as_it_is_announced(name: str) -> None:
    port = service(name)["environment"]["THIRDS_MEDIA_PORT"]
    assert reached_from_outside(service(name)) == [f"{port}:{port}/udp"]


def reached_from_outside(one: dict[str, Any]) -> list[str]:
    """The published ports, but those on the host's loopback."""
    return [port for port in one.get("ports", []) if not port.startswith("127.0.0.1:")]


def test_figures_are_published_on_loopback_alone() -> None:
    for name in ("web-1", "web-2", *MEDIA):
        inside = service(name)["environment"]["THIRDS_METRICS"].rpartition(":")[2]
        published = set(service(name)["ports"]) - set(reached_from_outside(service(name)))
        assert [port.split(":")[-1] for port in published] == [inside]


@pytest.mark.parametrize("name", OURS)
def test_our_containers_can_do_nothing_they_need_not(name: str) -> None:
    ours = service(name)
    held = {key: ours[key] for key in ("read_only", "cap_drop", "security_opt")}
    assert held == {
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
    }


@pytest.mark.parametrize("name", OURS)
def test_a_command_names_a_module_that_there_is(name: str) -> None:
    command = service(name).get("command") or dockerfile_command()
    assert command[0] == "python"
    if command[1] == "-m":
        assert importlib.util.find_spec(command[2]) is not None
    else:
        assert (ROOT / command[1]).is_file()
        commands = ROOT / "sessions" / "management" / "commands"
        assert command[2] == "migrate" or (commands / f"{command[2]}.py").is_file()


@pytest.mark.parametrize("name", ["web-1", "web-2", "worker", *MEDIA])
def test_what_stays_running_is_asked_how_it_is(name: str) -> None:
    test = service(name)["healthcheck"]["test"]
    assert test[:3] == ["CMD", "python", "-m"]
    assert importlib.util.find_spec(test[3]) is not None


def test_web_runs_with_the_options_of_run() -> None:
    """What is measured and tested under ./run is what production starts."""
    words = WebAddress(8000, "0.0.0.0").command
    assert dockerfile_command()[1:] == ["-m", *words]
    assert set(OPTIONS) <= set(words)


def dockerfile_command() -> list[str]:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    found = re.findall(r"^CMD \[(.*)\]$", text, re.MULTILINE)
    assert len(found) == 1
    return re.findall(r'"([^"]+)"', found[0])


def test_web_owns_no_table() -> None:
    """The role of web and worker is the one that migrate gives its rights to, not the owner."""
    role = service("migrate")["environment"]["THIRDS_DATABASE_ROLE"]
    for name in ("web-1", "web-2", "worker"):
        assert urlsplit(service(name)["environment"]["DATABASE_URL"]).username == role
    for name in ("migrate", "backup"):
        url = urlsplit(service(name)["environment"]["DATABASE_URL"])
        assert url.username == service("postgres")["environment"]["POSTGRES_USER"]
    owner = urlsplit(service("migrate")["environment"]["DATABASE_URL"]).username
    assert owner == service("postgres")["environment"]["POSTGRES_USER"]
    script = (ROOT / "deploy" / "make-web-role.sh").read_text(encoding="utf-8")
    assert f"CREATE ROLE {role} LOGIN" in script


def test_what_postgresql_logs_has_one_source() -> None:
    """Kills: a setting of the log beside the file, in the container's command or the launcher's."""
    told = postgres_settings()
    assert mounted("postgres", told.pop("config_file")) == postgres.SHARED
    assert told == {"listen_addresses": "*"}
    shared = postgres.settings_of(postgres.SHARED)
    assert shared.keys() & {*postgres.SETTINGS, *postgres.THROWAWAY} == set()
    for durable in (True, False):
        assert postgres.embedded(durable=durable).items() >= shared.items()


def test_valkey_keeps_nothing() -> None:
    started = mounted("valkey", "/etc/valkey/start.sh").read_text(encoding="utf-8").splitlines()
    assert {'save ""', "appendonly no"} <= set(started)
    assert [one.split(":")[0] for one in service("valkey")["volumes"]] == [
        "./deploy/start-valkey.sh"
    ]


def test_only_proxy_relay_and_media_are_reached_from_outside() -> None:
    services = compose()["services"]
    open_ones = {name for name, one in services.items() if reached_from_outside(one)}
    assert open_ones == {"proxy", *MEDIA}
    assert compose()["networks"]["inside"] == {"internal": True}
    for name in ("postgres", "valkey", "worker", "migrate"):
        assert service(name)["networks"] == ["inside"]


def test_relay_is_new_enough() -> None:
    """CVE-2026-27624: below 4.9 mapped addresses slip past the list of denied peers."""
    version = service("turn")["image"].split(":")[1]
    assert tuple(map(int, version.split("."))) >= (4, 9)


def test_relay_reaches_the_media_nodes_and_nobody_else() -> None:
    text = (ROOT / "deploy" / "turnserver.conf").read_text(encoding="utf-8")
    denied = [line for line in text.splitlines() if line.startswith("denied-peer-ip")]
    assert denied == [
        "denied-peer-ip=0.0.0.0-255.255.255.255",
        "denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ]
    assert "allowed-peer-ip" not in text
    started = mounted("turn", "/etc/coturn/start.sh").read_text(encoding="utf-8")
    assert re.findall(r"allowed-peer-ip=([^\"]*)", started) == ["$TURN_ADDRESS"]
    assert service("turn")["environment"]["TURN_ADDRESS"] == example()["THIRDS_PUBLIC_ADDRESS"]


def test_relays_program_may_be_executed() -> None:
    """The image's turnserver bears cap_net_bind_service=+ep: the kernel executes such a file only
    with that capability in the bounding set (capabilities(7))."""
    assert service("turn")["cap_add"] == ["NET_BIND_SERVICE"]


def test_browsers_are_led_to_the_ports_on_which_the_relay_listens() -> None:
    name, tls = example()["THIRDS_TURN_DOMAIN"], service("turn")["environment"]["TURN_TLS_PORT"]
    assert service("web-1")["environment"]["THIRDS_TURN_URLS"].split() == [
        f"turn:{name}:3478?transport=udp",
        f"turn:{name}:3478?transport=tcp",
        f"turns:{name}:{tls}?transport=tcp",
    ]
    lines = (ROOT / "deploy" / "turnserver.conf").read_text(encoding="utf-8").splitlines()
    assert "listening-port=3478" in lines
    assert not {"no-udp", "no-tcp", "no-tls"} & set(lines)


def test_no_secret_has_a_default() -> None:
    """Kills: `${THIRDS_SECRET_KEY:-changeme}`; compose must refuse to start without one."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    secrets = {
        (name, kind)
        for name, kind in re.findall(r"\$\{(\w+)(:-|:\?|\})", text)
        if name.endswith(SECRETS)
    }
    assert {kind for _, kind in secrets} == {":?"}
    assert {name for name, _ in secrets} == {n for n in example() if n.endswith(SECRETS)}
    assert {value for n, value in example().items() if n.endswith(SECRETS)} == {""}


def test_everything_asked_for_is_in_the_example() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    with pytest.raises(KeyError):
        filled(text, {})
    asked = set(re.findall(r"\$\{(\w+):\?", text))
    assert asked == set(example())


def test_what_may_stay_out_is_in_the_example_as_a_remark() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    may = set(re.findall(r"\$\{(\w+):-", text)) - {"THIRDS_VERSION"}
    remarks = (ROOT / "deploy" / "example.env").read_text(encoding="utf-8")
    assert may == set(re.findall(r"^# (\w+)=", remarks, re.MULTILINE))


def test_no_secret_is_on_a_command_line() -> None:
    """Everybody on the host reads those. Kills: `--requirepass ${VALKEY_PASSWORD:?}`."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    marked = {name: f"<{name}>" for name in example()}
    services = yaml.safe_load(filled(text, marked))["services"]
    for name, one in services.items():
        words = [one.get(key, []) for key in ("command", "entrypoint")]
        words.append(one.get("healthcheck", {}).get("test", []))
        found = re.findall(r"<(\w+)>", str(words))
        assert [word for word in found if word.endswith(SECRETS)] == [], name


@pytest.mark.parametrize("name", compose()["services"])
def test_what_a_container_logs_is_bounded(name: str) -> None:
    assert service(name)["logging"] == {
        "driver": "json-file",
        "options": {"max-size": "10m", "max-file": "5"},
    }


def test_images_are_named_by_their_whole_version() -> None:
    """A digest belongs to one of these, and not to `18` or `latest`, which move."""
    named = [one["image"] for one in compose()["services"].values() if "build" not in one]
    for file in ("Dockerfile", "deploy/proxy.Dockerfile"):
        text = (ROOT / file).read_text(encoding="utf-8")
        named += re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert {image.split(":")[0] for image in named} == {
        *("postgres", "valkey/valkey", "coturn/coturn", "python", "caddy"),
    }
    whole = {"postgres": r"\d+\.\d+"}
    for image in named:
        kind, _, tag = image.partition(":")
        assert re.fullmatch(whole.get(kind, r"\d+\.\d+\.\d+") + r"(-[a-z-]+)?", tag), image
