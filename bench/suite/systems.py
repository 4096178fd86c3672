# SPDX-License-Identifier: MPL-2.0
"""The systems that are compared: how each is started with the same programs on the same root, and what it says."""
import functools
import os
import pathlib
import queue
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "bench"

INIT = """#!/bin/sh
# Process 1 under Linux; the arguments of micro come with the archive.
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm /dev/pts
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /dev/shm
mount -t devpts devpts /dev/pts
exec >/dev/ttyS0 2>&1 </dev/null
stty raw -echo </dev/ttyS0
set -f # no names of files
/bench/micro $(cat /bench/arguments)
set +f
echo "# uname $(uname -srv)"
for file in /sys/devices/system/cpu/vulnerabilities/*; do echo "# vulnerability ${file##*/} $(cat $file)"; done
echo "# huge $(cat /sys/kernel/mm/transparent_hugepage/enabled)"
echo "# end"
poweroff -f
"""


class Failure(Exception):
    """What ends the whole suite, said in one line."""


def make(*targets):
    """Builds what is measured."""
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    done = subprocess.run(["make", "-s", *targets], cwd=ROOT, env=environment, stdout=sys.stderr)
    if done.returncode:
        raise Failure(f"make {' '.join(targets)} failed")


def prepare_root():
    """The default tree with the programs in /bench: the root file system of all systems but the host."""
    make("all", "hosted", "build/bench/micro")
    root = BUILD / "root"
    shutil.rmtree(root, ignore_errors=True)
    BUILD.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", ROOT / "build" / "rootfs", root], check=True)
    (root / "bench").mkdir()
    programs = ROOT / "bench" / "programs"
    for file in [BUILD / "micro", *sorted(programs.glob("*.sh")), *sorted(programs.glob("*.awk"))]:
        shutil.copy2(file, root / "bench")
    init = root / "init"
    init.write_text(INIT)
    init.chmod(0o755)
    return root


def pack(tree):
    """A tree as an initramfs."""
    done = subprocess.run([ROOT / "boot/pack", tree], stdout=subprocess.PIPE)
    if done.returncode:
        raise Failure("boot/pack failed")
    return done.stdout


initramfs = functools.cache(pack)  # of the root, which does not change while the suite runs


def linux_kernel():
    """Debian's kernel for virtual machines, fetched with apt-get and unpacked under build/bench; nothing is installed."""
    def found():
        kernels = sorted((BUILD / "linux" / "boot").glob("vmlinuz-*"))
        return kernels[-1] if kernels else None
    if found():
        return found()
    depends = subprocess.run(["apt-cache", "depends", "linux-image-cloud-amd64"], capture_output=True, text=True).stdout
    package = re.search(r"^ *Depends: (linux-image-[0-9]\S*)$", depends, re.M)
    if not package:
        raise Failure("apt-get knows no linux-image-cloud-amd64; run apt-get update first")
    say(f"fetching {package[1]} to compare with")
    BUILD.mkdir(parents=True, exist_ok=True)
    script = 'apt-get -qq download "$1" >&2 && dpkg-deb -x "$1"_*.deb linux && rm -f "$1"_*.deb'
    if subprocess.run(["sh", "-c", script, "sh", package[1]], cwd=BUILD).returncode or not found():
        raise Failure(f"{package[1]} could not be fetched")
    return found()


def say(text):
    """A line of progress."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


class System:
    """One side: a label, what the report tells of it, and a command line that runs micro with arguments."""
    clock_from_qemu = False

    def __init__(self, name, label, **about):
        self.name = name
        self.about = {"label": label, **about}
        self.vulnerabilities = {}

    def command(self, arguments, scratch):
        """The command whose standard output is micro's; scratch: a directory for this run."""
        raise NotImplementedError

    def environment(self):
        """What the command's environment has beyond ours."""
        return {}

    def hear(self, line):
        """A line `# WORD ...` that the system told about itself."""
        word, _, rest = line.partition(" ")
        if word == "uname":
            self.about["version"] = rest
        elif word == "vulnerability":
            name, _, text = rest.partition(" ")
            self.vulnerabilities[name] = text
            self.about["mitigations"] = weaknesses(self.vulnerabilities)
        elif word == "huge":
            self.about["huge_pages"] = re.sub(r".*\[(\w+)\].*", r"\1", rest)


class Qemu(System):
    """What the two kernels in QEMU have in common."""
    clock_from_qemu = True

    def __init__(self, name, label, root, cpus, memory, accelerator, icount, **about):
        super().__init__(name, label, machine="QEMU q35", accelerator=accelerator + (", icount shift=0" if icount else ""),
                         cpu="max" if accelerator == "tcg" else "host", cpus=cpus, memory_mib=memory, **about)
        self.root, self.cpus, self.memory, self.accelerator, self.icount = root, cpus, memory, accelerator, icount


class Kxos(Qemu):
    """KxOS in QEMU, started by boot/run."""

    def __init__(self, *rest, **about):
        super().__init__("kxos", "KxOS", *rest, mitigations="none", version=kxos_version(), **about)

    def command(self, arguments, scratch):
        return [ROOT / "boot/run", "--direct", "--rootfs", self.root, "--smp", str(self.cpus), "--mem", str(self.memory),
                "--accel", self.accelerator, *(["--icount"] if self.icount else []), "--log", scratch / "log",
                "--cmd", shlex.join(["/bench/micro", *arguments]) + "; echo '# end'"]

    def environment(self):
        return {"KXOS_QEMU": os.environ.get("KXOS_QEMU", "") + f" -pidfile {self.pidfile}"}


class Linux(Qemu):
    """Debian's Linux in the same QEMU, on an initramfs."""

    def __init__(self, name, label, parameters, *rest, **about):
        super().__init__(name, label, *rest, parameters=parameters or "none", **about)
        self.kernel, self.parameters = linux_kernel(), parameters
        self.archive = initramfs(self.root)

    def with_arguments(self, arguments, scratch):
        """The initramfs with the arguments behind it, as an archive of its own."""
        (scratch / "more" / "bench").mkdir(parents=True)
        (scratch / "more" / "bench" / "arguments").write_text(" ".join(arguments) + "\n")
        archive = scratch / "root.cpio"
        archive.write_bytes(self.archive + pack(scratch / "more"))
        return archive

    def command(self, arguments, scratch):
        append = f"console=ttyS1 quiet panic=-1 {self.parameters}"
        archive = self.with_arguments(arguments, scratch)
        return ["qemu-system-x86_64", "-machine", "q35", "-accel", self.accelerator, "-cpu", self.about["cpu"], "-smp", str(self.cpus),
                "-m", str(self.memory), "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-pidfile", self.pidfile,
                *(["-icount", "shift=0,sleep=off"] if self.icount else []), "-serial", "stdio", "-serial", f"file:{scratch / 'log'}",
                "-kernel", self.kernel, "-initrd", archive, "-append", append]


class Native(System):
    """A program of the host, held on its last CPU when it has one, and before others that want it where that may be asked for."""

    def __init__(self, name, label, cpus, **about):
        super().__init__(name, label, machine="the host", accelerator="native", cpus=cpus, **about)
        self.cpus, self.hold = cpus, []
        last = os.cpu_count() - 1
        if cpus == 1 and shutil.which("taskset") and not subprocess.run(["taskset", "-c", str(last), "true"], capture_output=True).returncode:
            self.hold += ["taskset", "-c", str(last)]
        if not subprocess.run(["nice", "-n", "-20", "true"], capture_output=True, text=True).stderr:
            self.hold += ["nice", "-n", "-20"]

    def held(self, command):
        """By session, too: sched(7), autogroups."""
        return [*self.hold, "sh", "-c", '{ echo -20 >/proc/self/autogroup; } 2>/dev/null; exec "$@"', "held", *command]


class Host(Native):
    """The Linux that this runs on. Memory against memory: its files are in /dev/shm."""

    def __init__(self, root, cpus):
        super().__init__("host", "the host's Linux", cpus, version=" ".join(os.uname()[i] for i in (0, 2, 3)), mitigations=mitigations())
        self.root = root

    def command(self, arguments, scratch):
        self.work = tempfile.mkdtemp(prefix="kxos-bench.", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        return self.held([self.root / "bench/micro", "--busybox", self.root / "bin/busybox", "--dir", self.work, *arguments])

    def clean(self):
        """After a run."""
        shutil.rmtree(self.work, ignore_errors=True)


class Hosted(Native):
    """KxOS as a program of the host."""

    def __init__(self, root, cpus, memory):
        super().__init__("hosted", "KxOS hosted", cpus, memory_mib=memory, mitigations="those of the host", version=kxos_version())
        self.root, self.memory = root, memory

    def command(self, arguments, scratch):
        return self.held([ROOT / "build/hosted/kxos", "--smp", str(self.cpus), "--mem", str(self.memory), "--rootfs", self.root,
                          "--cmd", shlex.join(["/bench/micro", *arguments])])


def weaknesses(vulnerabilities):
    """One line of what a Linux says of its CPU's weaknesses, by name."""
    return "; ".join(f"{k}: {v}" for k, v in sorted(vulnerabilities.items()) if v != "Not affected") or "none needed"


def mitigations():
    """The same of the host."""
    return weaknesses({f.name: f.read_text().strip() for f in pathlib.Path("/sys/devices/system/cpu/vulnerabilities").glob("*")})


def kxos_version():
    """The commit that is measured."""
    done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def run(system, arguments, items, silence, progress):
    """Runs micro with arguments until it has told of all items. Gives {item: values or a failure's text} and the boot times in ms.

    A system that dies or says nothing for `silence` seconds fails the item that ran; it starts again with the next one."""
    results, boots, start = {}, [], 0
    while start < len(items):
        before = len(results)
        more = ["--from", items[start]] if start else []
        current = run_once(system, [*more, *arguments], silence, results, boots, progress)
        missing = [i for i in items[start:] if i not in results]
        if not missing:
            break
        stopped = current if current in missing else missing[0]
        results[stopped] = f"{system.about['label']} ended or said nothing more in this item"
        start = items.index(stopped) + 1
        if len(results) == before:
            break
    return results, boots


def lines_of(stream, lines):
    """Puts (time, line) into a queue, and None at the end."""
    for line in stream:
        lines.put((time.time(), line.decode(errors="replace").replace("\r", "").rstrip("\n")))
    lines.put(None)


def run_once(system, arguments, silence, results, boots, progress):
    """One start. Gives the item that was under way when it ended."""
    with tempfile.TemporaryDirectory(prefix="kxos-bench.") as scratch:
        scratch = pathlib.Path(scratch)
        system.pidfile = scratch / "pid"
        errors = open(scratch / "errors", "wb")
        process = subprocess.Popen([str(a) for a in system.command(arguments, scratch)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=errors, env={**os.environ, **system.environment()}, start_new_session=True)
        lines = queue.Queue()
        threading.Thread(target=lines_of, args=(process.stdout, lines), daemon=True).start()
        current, ended = None, False
        try:
            while True:
                try:
                    got = lines.get(timeout=silence)
                except queue.Empty:
                    break
                if got is None:
                    ended = True
                    break
                when, line = got
                current = take(system, line, when, current, results, boots, progress)
        finally:
            end(process, ended)
            errors.close()
            if hasattr(system, "clean"):
                system.clean()
        if process.returncode not in (0, 1) or not results:
            told = (scratch / "errors").read_text(errors="replace").strip().splitlines()
            log = scratch / "log"
            told += log.read_text(errors="replace").strip().splitlines()[-3:] if log.exists() else []
            for line in told[-6:]:
                say(f"{system.name}: {line}")
        return current


def take(system, line, when, current, results, boots, progress):
    """A line of micro or of the system about itself. Gives the item under way."""
    words = line.split()
    if len(words) == 3 and words[:2] == ["#", "boot"]:
        started = system.pidfile.stat().st_mtime if system.clock_from_qemu and system.pidfile.exists() else when
        boots.append({"handoff": int(words[2]) / 1e6, "power_on": (when - started) * 1e3})
    elif len(words) == 2 and words[0] == "#" and words[1] != "end":
        progress(system, words[1])
        return words[1]
    elif words[:1] == ["#"]:
        system.hear(line[2:])
    elif len(words) >= 3 and words[2] == "failed:":
        results.setdefault(words[0], line.split("failed: ", 1)[1])
    elif len(words) >= 3 and words[0] == current:
        try:
            results.setdefault(current, [float(w) for w in words[2:]])
        except ValueError:
            results.setdefault(current, f"not understood: {line}")
    return current


def end(process, ended):
    """Ends a system and all that it started."""
    try:
        process.wait(timeout=20 if ended else 0)
    except subprocess.TimeoutExpired:
        pass
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=5)
        except (ProcessLookupError, PermissionError):
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait()
