"""What the supervisor refuses, and how it reads its configuration."""

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sprechstunde.supervisor import configuration, demo, embedded_redis
from sprechstunde.supervisor.claims import sole_supervisor


def supervisor(var_dir: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a supervisor that is expected to give up by itself."""
    return subprocess.run(
        [sys.executable, "-m", "sprechstunde.supervisor", "demo"],
        env={**os.environ, "VAR_DIR": str(var_dir), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_second_supervisor_in_the_same_directory_is_refused(tmp_path: Path) -> None:
    with sole_supervisor(tmp_path):
        second = supervisor(tmp_path)

    expected = f"A supervisor (process {os.getpid()}) already runs in {tmp_path}: "
    assert (second.returncode, second.stderr) == (
        1,
        expected + "stop it, or set another VAR_DIR.\n",
    )


def test_lock_is_free_again_after_the_first_has_ended(tmp_path: Path) -> None:
    with sole_supervisor(tmp_path):
        pass

    with sole_supervisor(tmp_path):
        owner = (tmp_path / "supervisor.lock").read_text()

    assert owner == str(os.getpid())


@pytest.mark.parametrize("setting", ["PORT", "SIMULATOR_PORT"])
def test_port_in_use_is_named_and_nothing_starts(tmp_path: Path, setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ports = {"PORT": "8970", "SIMULATOR_PORT": "8971", setting: str(port)}
        refused = supervisor(tmp_path, **ports)

    assert refused.returncode == 1
    assert f"Port {port} on 127.0.0.1 cannot be used" in refused.stderr
    assert f"set another {setting}" in refused.stderr
    assert not (tmp_path / "demo-secrets.json").exists()


def test_directory_of_a_supervisor_is_closed_to_others(tmp_path: Path) -> None:
    var_dir = tmp_path / "var"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        supervisor(var_dir, PORT=str(taken.getsockname()[1]))

    modes = {stat.S_IMODE(path.stat().st_mode) for path in (var_dir, *var_dir.iterdir())}

    assert modes == {0o700, 0o600}


def test_dotenv_is_read_as_a_shell_would() -> None:
    text = "# a comment\n\nPORT=8001\nexport NAME='two words'  # why\nEMPTY=\nURL=\"redis://h/0?a=b\"\n"

    assert dict(configuration.assignments(text)) == {
        "PORT": "8001",
        "NAME": "two words",
        "EMPTY": "",
        "URL": "redis://h/0?a=b",
    }


def test_dotenv_with_a_broken_line_is_refused_with_its_number() -> None:
    with pytest.raises(configuration.ConfigurationError, match="line 2"):
        dict(configuration.assignments("A=1\nnonsense\n"))


def test_secrets_of_a_demo_are_private_and_stay_the_same(tmp_path: Path) -> None:
    first = demo.kept_secrets(tmp_path)

    second = demo.kept_secrets(tmp_path)

    mode = stat.S_IMODE((tmp_path / demo.SECRETS_FILE).stat().st_mode)
    assert (second, mode) == (first, 0o600)
    roles = ["host", "assistant", "clerk", "clerk", "clerk", "auditor", "admin"]
    assert [login["role"] for login in first["logins"]] == roles


def test_demo_of_an_older_version_gets_the_new_logins_and_keeps_its_own(tmp_path: Path) -> None:
    drawn = demo.kept_secrets(tmp_path)
    old = [login for login in drawn["logins"] if login["role"] != "clerk"]
    demo.write_private(tmp_path / demo.SECRETS_FILE, {**drawn, "logins": old})

    kept = demo.kept_secrets(tmp_path)

    departments = [login.get("department") for login in kept["logins"] if login["role"] == "clerk"]
    assert departments == ["Bauamt", "Ordnungsamt", "Stadtwerke"]
    assert [login for login in kept["logins"] if login["role"] != "clerk"] == old


def test_demo_writes_to_no_real_mail_server_that_stands_in_the_environment(tmp_path: Path) -> None:
    real = {"EMAIL_URL": "smtp://real", "EMAIL_URL_FILE": "/real", "INBOX_URL_FILE": "/real"}
    given = configuration.Configuration(tmp_path, "127.0.0.1", 8000, 8900, real)

    configured = demo.configured(given, demo.kept_secrets(tmp_path), demo.MailPorts(25, 143))

    told = {name: value for name, value in configured.environment.items() if "_URL" in name}
    assert not any("real" in value for value in told.values())
    assert told["EMAIL_URL"] == "smtp+insecure://127.0.0.1:25"


def test_secrets_of_two_demos_differ(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()

    one, other = demo.kept_secrets(tmp_path), demo.kept_secrets(tmp_path / "other")

    assert one["app_secret"] != other["app_secret"]
    assert one["logins"][0]["password"] != other["logins"][0]["password"]


def test_socket_lies_in_a_short_directory_when_the_path_is_too_long(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100)

    short = embedded_redis.socket_path(deep)

    assert len(os.fsencode(short)) <= embedded_redis.SOCKET_PATH_LIMIT
    assert stat.S_IMODE(short.parent.stat().st_mode) == 0o700
    short.parent.rmdir()


def test_socket_lies_in_var_dir_otherwise() -> None:
    assert embedded_redis.socket_path(Path("/srv/var")) == Path("/srv/var/redis.sock")
