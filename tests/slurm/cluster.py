"""A whole SLURM on this host: munge, a controller and virtual nodes with pretended GPUs, in a folder of their own.

Only links to its configuration stand where SLURM's programs look for it: the plug-in starts job steps without SLURM_CONF.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")
READY_S = 30.0
PLACE = Path("/etc/slurm")
CONFIGURATIONS = ("slurm.conf", "gres.conf", "cgroup.conf")
CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
SlurmctldPort={port}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=sched_interval=1,bf_interval=1
ReturnToService=2
MpiDefault=none
SwitchType=switch/none
KillWait=2
MinJobAge=3600
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
GresTypes=gpu
SlurmdParameters=config_overrides
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=UNLIMITED State=UP
"""


def unavailable() -> str:
    """Why no SLURM can be started here; empty where one can."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        return f"no {missing[0]} (Debian's packages slurm-wlm and munge have it)"
    if os.geteuid() != 0:
        return "SLURM's daemons are started by root only"
    there = [str(PLACE / name) for name in CONFIGURATIONS if (PLACE / name).exists()]
    return f"this host has a SLURM of its own ({there[0]})" if there else ""


class Cluster:
    """A running SLURM.

    Parameters
    ----------
    folder : Path
        For its configuration, state and logs.
    nodes, cpus, memory_mb, gpus : int
        Virtual nodes, and what each is said to have.
    """

    def __init__(self, folder: Path, nodes: int = 2, cpus: int = 4, memory_mb: int = 6000, gpus: int = 1) -> None:
        self.folder = folder
        self.nodes = nodes
        self._daemons: list[subprocess.Popen[bytes]] = []
        self._configure(cpus, memory_mb, gpus)
        try:
            self._start()
        except Exception:
            self.stop()
            raise

    def run(self, *command: str) -> str:
        """What a SLURM command prints."""
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout

    def stop(self) -> None:
        """End its daemons and the jobs that they run."""
        for name in CONFIGURATIONS:
            (PLACE / name).unlink(missing_ok=True)
        for daemon in reversed(self._daemons):
            if daemon.poll() is None:
                os.killpg(daemon.pid, signal.SIGTERM)
        for daemon in self._daemons:
            try:
                daemon.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(daemon.pid, signal.SIGKILL)
                daemon.wait()

    def _configure(self, cpus: int, memory_mb: int, gpus: int) -> None:
        host = socket.gethostname().split(".")[0]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        (self.folder / "state").mkdir(parents=True)
        devices = [self.folder / f"gpu{index}" for index in range(gpus)]
        for device in devices:
            os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))  # another /dev/null
        nodes, gres = [], []
        for number, node in enumerate(self._names(), 1):
            (self.folder / f"spool.{node}").mkdir()
            nodes.append(
                f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port + number} CPUs={cpus}"
                f" RealMemory={memory_mb} Gres=gpu:{gpus} State=UNKNOWN"
            )
            gres.append(f"NodeName={node} Name=gpu File={','.join(map(str, devices))}")
        text = CONFIGURATION.format(host=host, folder=self.folder, port=port, nodes="\n".join(nodes))
        (self.folder / "slurm.conf").write_text(text)
        (self.folder / "gres.conf").write_text("\n".join(gres) + "\n")
        (self.folder / "cgroup.conf").write_text("CgroupAutomount=no\n")
        PLACE.mkdir(exist_ok=True)
        for name in CONFIGURATIONS:
            (PLACE / name).unlink(missing_ok=True)  # a link that a killed run left behind leads nowhere
            (PLACE / name).symlink_to(self.folder / name)
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)

    def _names(self) -> list[str]:
        return [f"n{index + 1}" for index in range(self.nodes)]

    def _start(self) -> None:
        places = {"socket": "munge.socket", "key-file": "munge.key", "pid-file": "munge.pid", "seed-file": "munge.seed"}
        options = [f"--{option}={self.folder / name}" for option, name in places.items()]
        self._daemon("munged", "--foreground", "--force", *options, f"--log-file={self.folder / 'munge.log'}")
        self._until((self.folder / "munge.socket").exists, "munged")
        self._daemon("slurmctld", "-D")
        for node in self._names():
            self._daemon("slurmd", "-D", "-N", node)
        self._until(self._all_idle, "its nodes")

    def _daemon(self, name: str, *options: str) -> None:
        with (self.folder / f"{name}.out").open("ab") as output:
            self._daemons.append(
                subprocess.Popen(
                    [name, *options],
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            )

    def _all_idle(self) -> bool:
        try:
            return self.run("sinfo", "-h", "-N", "-o", "%T").split() == ["idle"] * self.nodes
        except subprocess.CalledProcessError:
            return False

    def _until(self, ready: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + READY_S
        while not ready():
            if time.monotonic() > end:
                logs = "\n".join(path.read_text(errors="replace")[-1500:] for path in self.folder.glob("*.out"))
                raise RuntimeError(f"SLURM: {what} did not come up in {READY_S:g} s\n{logs}")
            time.sleep(0.1)
