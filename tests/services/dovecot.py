"""A real IMAP server for tests: Debian's Dovecot in a directory of its own, as whoever runs the tests.

Every mailbox is made on first log-in; any user name is welcome with PASSWORD.
"""

import grp
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from imaplib import IMAP4
from pathlib import Path

from tests.services import certificates, ports
from tests.services.certificates import Authority

PASSWORD = "only-for-tests"
READY_WITHIN = 90.0
_PROGRAMS = ("/usr/sbin/dovecot", "/usr/local/sbin/dovecot")


@dataclass(frozen=True)
class Server:
    """A running server on loopback; its log is in `directory`."""

    port: int  # in clear, and STARTTLS
    tls_port: int
    directory: Path
    authority: Authority

    def url(self, user: str, scheme: str = "imap+insecure") -> str:
        """The mailbox's address as INBOX_URL takes it."""
        port = self.tls_port if scheme == "imap+ssl" else self.port
        return f"{scheme}://{user.replace('@', '%40')}:{PASSWORD}@127.0.0.1:{port}"

    def deliver(self, user: str, raw: bytes) -> None:
        """Put a mail into the user's mailbox."""
        with self.client(user) as client:
            lines = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            client.append("INBOX", "", time.time(), lines)

    def count(self, user: str) -> int:
        """How many mails lie in the mailbox, marked as deleted or not."""
        with self.client(user) as client:
            return int(client.select("INBOX")[1][0] or 0)

    @contextmanager
    def client(self, user: str) -> Iterator[IMAP4]:
        """Log in with the standard library's client."""
        with IMAP4("127.0.0.1", self.port, timeout=60) as client:
            client.login(user, PASSWORD)
            yield client


@contextmanager
def running() -> Iterator[Server]:
    """Run a fresh Dovecot; Debian's package is installed first where root may."""
    program = executable()
    if program is None:
        raise RuntimeError("dovecot is missing: apt-get install dovecot-imapd")
    directory = Path(tempfile.mkdtemp(prefix="dove-"))
    server = Server(ports.free(), ports.free(), directory, certificates.make(directory))
    try:
        configuration = _configuration(server)
        with _process(program, configuration, server):
            yield server
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def executable() -> str | None:
    """The path of the system's Dovecot, installing Debian's where root may; None where there is none."""
    return _installed() or (_installed() if _install_debian_package() else None)


def _installed() -> str | None:
    found = (path for path in _PROGRAMS if Path(path).exists())
    return next(found, None) if _has_imap() else None


def _has_imap() -> bool:
    return any(Path(each, "imap").exists() for each in ("/usr/lib/dovecot", "/usr/libexec/dovecot"))


def _install_debian_package() -> bool:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "dovecot-imapd"]
    steps = (["apt-get", "update", "-qq"], install)
    return all(
        subprocess.run(step, env=environment, stdout=subprocess.DEVNULL, check=False).returncode
        == 0
        for step in steps
    )


def _configuration(server: Server) -> Path:
    """Write a configuration under which one user owns everything, root or not."""
    here = server.directory
    account = pwd.getpwuid(os.geteuid() or pwd.getpwnam("nobody").pw_uid)
    (here / "mail").mkdir()
    if os.geteuid() == 0:
        os.chown(here, account.pw_uid, account.pw_gid)
        os.chown(here / "mail", account.pw_uid, account.pw_gid)
    group = account.pw_gid
    # Only root may go into a cage and change its user: everybody else stays who they are.
    me = pwd.getpwuid(os.geteuid()).pw_name
    path = here / "dovecot.conf"
    path.write_text(f"""
base_dir = {here}/run
state_dir = {here}/state
log_path = {here}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{server.authority.server}
ssl_key = <{server.authority.server}
disable_plaintext_auth = no
default_internal_user = {me if os.geteuid() else "dovecot"}
default_internal_group = {_group(group) if os.geteuid() else "dovecot"}
default_login_user = {me if os.geteuid() else "dovenull"}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{here}/mail/%u
mail_uid = {account.pw_uid}
mail_gid = {group}
auth_mechanisms = plain login
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={account.pw_uid} gid={group} home={here}/mail/%u
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {server.port}
  }}
  inet_listener imaps {{
    port = {server.tls_port}
  }}
}}
namespace inbox {{
  inbox = yes
}}
""")
    return path


def _group(gid: int) -> str:
    return grp.getgrgid(gid).gr_name


@contextmanager
def _process(program: str, configuration: Path, server: Server) -> Iterator[None]:
    process = subprocess.Popen(
        [program, "-F", "-c", str(configuration)], stderr=subprocess.PIPE, cwd="/"
    )
    try:
        _wait_until_ready(server, process)
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)
        if process.stderr:
            process.stderr.close()


def _wait_until_ready(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with server.client("probe@musterstadt.example"):
                return
        except (OSError, IMAP4.error):
            time.sleep(0.05)
    log = server.directory / "log"
    raise RuntimeError(f"Dovecot did not start:\n{log.read_text() if log.exists() else ''}")
