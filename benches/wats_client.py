#!/usr/bin/env python3
"""Measures the WATS Client, and beside it the Python client where that works; prints a table.

    cargo build --release -p wats-client
    python3 -m venv target/bench
    target/bench/bin/pip install 'pywats-api[client-headless]==0.6.0rc1' PySide6-Essentials qasync
    python3 benches/wats_client.py                # everything but the two slow ones
    python3 benches/wats_client.py outage         # five minutes without a server
    python3 benches/wats_client.py million        # with a million reports in the queue: 2 GB of disk

Both clients send to the demonstration server on this machine, over the loopback interface; every write of the WATS
Client to its queue is synced to the disk that the temporary folder is on. Both get the same files: reports of 1.1 kB
with five numeric steps, moved into the watched folder in one piece. What had to be put right in the Python client is in
`python_client.py`; its limit of 500 requests a minute is off, as is the one of the WATS Client.
"""

import argparse
import hashlib
import json
import os
import pathlib
import random
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PROGRAM = pathlib.Path(os.environ.get("WATS_CLIENT", TARGET / "release/wats-client"))
PYTHON = ROOT / "target/bench"
DRIVER = ROOT / "benches/python_client.py"
SAMPLE = json.loads((ROOT / "apps/wats-client/samples/final-test-passed.json").read_text())
SPEA = (ROOT / "crates/wats-converters/tests/samples/spea.csv").read_text()
TOKEN = "dG9rZW4="
OUTAGE = 280
STATION = {"machineName": "FCT-01", "location": "Line 1", "purpose": "Bench"}


def id_of(serial_number):
    return str(uuid.uuid5(uuid.NAMESPACE_URL, serial_number))


def report(serial_number):
    measured = {"compOp": "GELE", "status": "P", "unit": "V", "value": 5.01, "lowLimit": 4.9, "highLimit": 5.1}
    step = {"group": "M", "stepType": "ET_NLT", "status": "P", "numericMeas": [measured]}
    steps = [dict(step, id=number, name=f"VCC {number}") for number in range(1, 6)]
    changed = {"id": id_of(serial_number), "sn": serial_number, "root": dict(SAMPLE["root"], steps=steps)}
    return json.dumps(SAMPLE | STATION | changed)


def get(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.loads(answer.read())


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=5).read()


def free_address():
    """An address of this machine, with a port that no connection is given in the meantime."""
    while True:
        address = ("127.0.0.1", random.randrange(10_000, 30_000))
        with socket.socket() as listener:
            if listener.connect_ex(address) != 0:
                return f"{address[0]}:{address[1]}"


def until(condition, limit=120, pause=0.002):
    """Waits for a condition; gives the time that took, infinite when it does not come."""
    start = time.monotonic()
    while True:
        try:
            if condition():
                return time.monotonic() - start
        except OSError:
            pass
        if time.monotonic() - start > limit:
            return float("inf")
        time.sleep(pause)


def median_time(rounds, command):
    def once():
        start = time.monotonic()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return time.monotonic() - start

    return statistics.median(once() for _ in range(rounds))


class Server:
    def __enter__(self):
        command = [PROGRAM, "demo", "--server-only", "--listen", free_address()]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[-1]
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def received(self):
        return get(f"{self.url}/simulator/reports")

    def has(self, serial_number):
        try:
            return urllib.request.urlopen(f"{self.url}/simulator/reports/{id_of(serial_number)}").status == 200
        except OSError:
            return False

    def forget(self):
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/simulator/reports", method="DELETE")).read()

    def slow(self, milliseconds):
        post(f"{self.url}/simulator/settings", {"delayMilliseconds": milliseconds})


class Client:
    """A running client with folders of its own."""

    def __init__(self, server, folder):
        self.folder, self.watch, self.outside = folder, folder / "watch", folder / "outside"
        self.health, self.page = free_address(), free_address()
        self.watch.mkdir(parents=True)
        self.outside.mkdir()
        self.configure(server.url)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def start(self):
        """Gives the time until it is ready."""
        with open(self.folder / "log", "a") as log:
            self.process = subprocess.Popen(self.command(), env=self.environment(), stdout=log, stderr=log)
        url = f"http://{self.health}{self.READY}"
        return until(lambda: urllib.request.urlopen(url, timeout=5).status == 200, pause=0.001)

    def stop(self, limit=30):
        """Gives the time until it has ended, infinite when it had to be killed."""
        start = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return float("inf")
        return time.monotonic() - start

    def memory(self):
        """Resident memory in MiB."""
        lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

    def details(self):
        return get(f"http://{self.health}/health/details")

    def prepare(self, serial_numbers):
        for serial_number in serial_numbers:
            (self.outside / f"{serial_number}.json").write_text(report(serial_number))

    def drop(self, serial_numbers):
        for serial_number in serial_numbers:
            os.rename(self.outside / f"{serial_number}.json", self.watch / f"{serial_number}.json")


class Own(Client):
    NAME = "wats"
    READY = "/health/ready"
    FILES = 5000

    def configure(self, url):
        folder = self.folder
        (folder / "token").write_text(TOKEN)
        (folder / "config.toml").write_text(
            f'[server]\nurl = "{url}"\ntoken-file = "{folder}/token"\n'
            f'[[watch]]\nfolder = "{folder}/watch"\ndone = "{folder}/done"\nerror = "{folder}/error"\n'
            f'[queue]\nfolder = "{folder}/queue"\nmin-free-disk = 0\nmax-reports = 0\nmax-bytes = 0\n'
            f'[upload]\nrate-per-minute = 0\n[log]\nlevel = "warn"\n'
            f'[health]\nlisten = "{self.health}"\n[web]\nlisten = "{self.page}"\n'
        )

    def environment(self):
        return {"RUNTIME_DIRECTORY": str(self.folder / "run")}

    def command(self):
        return [PROGRAM, "run", "--config", self.folder / "config.toml"]

    def connected(self):
        return self.details()["server"]["state"] == "connected"

    def delivered(self):
        return self.details()["queue"]["delivered"]


class Python(Client):
    NAME = "python"
    # What it calls ready it never is.
    READY = "/health"
    FILES = 1000

    def configure(self, url):
        converter = "pywats_client.converters.standard.wats_standard_json_converter.WATSStandardJsonConverter"
        folders = {f"{name}_folder": str(self.folder / name) for name in ("watch", "done", "error")}
        settings = {"service_address": url, "api_token": TOKEN, "reports_folder": str(self.folder / "reports")}
        settings["converters"] = [{"name": "WSJF", "module_path": converter, **folders}]
        (self.folder / "config.json").write_text(json.dumps(settings))

    def environment(self):
        return {"HOME": str(self.folder), "PATH": os.environ["PATH"]}

    def command(self):
        port = self.health.split(":")[1]
        return [PYTHON / "bin/python", DRIVER, "service", self.folder, port, "unlimited"]

    def connected(self):
        return self.details()["details"]["api_status"] == "Online"


def seconds(value, digits=1, otherwise="never"):
    return otherwise if value == float("inf") else f"{value:.{digits}f} s"


def milliseconds(value):
    return f"{value * 1000:.0f} ms" if value >= 0.02 else f"{value * 1000:.1f} ms"


def programs(_, folder, peer):
    """Size, help, and a SPEA file of 13,000 rows."""
    rows = [["program", "12 MB", f"{PROGRAM.stat().st_size / 1e6:.1f} MB"]]
    rows.append(["`--help`", "10 ms", milliseconds(median_time(41, [PROGRAM, "--help"]))])
    path = spea(folder)
    convert = [PROGRAM, "convert", path, "-a", "location=L", "-a", "purpose=P", "-a", "station-name=S"]
    size = path.stat().st_size / 1e6
    rows.append([f"SPEA file of {size:.1f} MB, 13,000 rows", "50 ms", milliseconds(median_time(15, convert))])
    if peer:
        files = (PYTHON / "lib").rglob("*")
        size = sum(file.lstat().st_size for file in files if file.is_file())
        rows[0].append(f"{size / 1e6:.0f} MB and a Python")
        rows[1].append(milliseconds(median_time(5, [PYTHON / "bin/pywats-client", "--help"])))
        command = [PYTHON / "bin/python", DRIVER, "spea", path]
        times = [float(subprocess.check_output(command, text=True, stderr=subprocess.DEVNULL)) for _ in range(3)]
        rows[2].append(milliseconds(statistics.median(times)) + ", without its start")
    return rows


def spea(folder):
    lines = SPEA.splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.startswith("ANL"))
    row = lines[at].replace("R100 value", "R100 value measured at the terminals of the board")
    path = folder / "spea.csv"
    path.write_text("".join(lines[:at]) + row * 13_000 + "".join(lines[at:]))
    return path


def quiet(server, folder, peer):
    """Start, a quiet station, and the end in the middle of uploads."""
    rows = [
        ["start to ready", "200 ms"],
        ["resident memory, idle for 20 s", "15 MiB"],
        ["the same, 20 s after the page was opened", "15 MiB"],
        ["2 files a second: file in place to report delivered, p50", ""],
        ["the same, p95", "100 ms"],
        ["SIGTERM to exit, uploads in flight", "2 s"],
    ]
    for kind, rounds in [(Own, 9)] + [(Python, 3)] * peer:
        client = kind(server, folder / f"quiet-{kind.NAME}")
        starts = []
        for _ in range(rounds):
            starts.append(client.start())
            client.stop(limit=1)
        rows[0].append(milliseconds(statistics.median(starts)))
        with client:
            time.sleep(20)
            rows[1].append(f"{client.memory():.1f} MiB")
            if kind is Own:
                for path in ["", "style.css", "page.js", "live"]:
                    urllib.request.urlopen(f"http://{client.page}/{path}", timeout=5).read()
                time.sleep(20)
                rows[2].append(f"{client.memory():.1f} MiB")
            else:
                rows[2].append("no page")
            times = latencies(server, client)
            rows[3].append(milliseconds(times[len(times) // 2]))
            rows[4].append(milliseconds(times[len(times) * 95 // 100]))
            before = server.received()["requests"]
            server.slow(20_000)
            names = [f"{kind.NAME}-S{number}" for number in range(50)]
            client.prepare(names)
            client.drop(names)
            until(lambda: server.received()["requests"] >= before + 5)
            rows[5].append(seconds(client.stop(), 2, "not within 30 s"))
            server.slow(0)
    return rows


def latencies(server, client, number=60):
    """Times from a file in its place to its report on the server, at two files a second."""
    times, threads = [], []

    def wait_for(name):
        times.append(until(lambda: server.has(name), limit=30, pause=0.003))

    names = [f"{client.NAME}-L{number}" for number in range(number)]
    client.prepare(names)
    for name in names:
        client.drop([name])
        threads.append(threading.Thread(target=wait_for, args=[name]))
        threads[-1].start()
        time.sleep(0.5)
    for thread in threads:
        thread.join()
    return sorted(times)


def rate(server, folder, peer):
    """Many files at once."""
    rows = [["reports a second, watched folder to server", "1,000/s"], ["resident memory after that", ""]]
    for kind in [Own] + [Python] * peer:
        rates, sizes = [], []
        for turn in range(3):
            server.forget()
            with kind(server, folder / f"rate-{kind.NAME}-{turn}") as client:
                until(client.connected)
                names = [f"{kind.NAME}-{turn}-{number}" for number in range(kind.FILES)]
                client.prepare(names)
                start = time.monotonic()
                client.drop(names)
                if kind is Own:
                    until(lambda: client.delivered() == kind.FILES, pause=0.02)
                until(lambda: server.received()["distinct"] == kind.FILES, pause=0.1)
                rates.append(kind.FILES / (time.monotonic() - start))
                sizes.append(client.memory())
                received = server.received()
                if (received["distinct"], received["stored"]) != (kind.FILES, kind.FILES):
                    raise RuntimeError(f"{received['distinct']} of {kind.FILES}, {received['stored']} stored")
        rows[0].append(f"{statistics.median(rates):,.0f}/s ({kind.FILES:,} files)")
        rows[1].append(f"{max(sizes):.0f} MiB")
    server.forget()
    return rows


def outage(server, folder, peer):
    """Idle clients whose server goes away and comes back."""
    rows = [
        ["outage noticed with nothing to send", "30 s"],
        ["delivered of 20 files put there meanwhile", "20"],
        ["first of them after the server was back", "5 s"],
    ]
    clients = [kind(server, folder / f"outage-{kind.NAME}") for kind in [Own] + [Python] * peer]
    for client in clients:
        client.start()
        until(client.connected)
    end = time.monotonic() + OUTAGE
    post(f"{server.url}/simulator/down", {"milliseconds": OUTAGE * 1000})
    noticed = first_times(clients, lambda client: not client.connected(), end - 10)
    names = {client: [f"{client.NAME}-O{number}" for number in range(20)] for client in clients}
    for client in clients:
        client.prepare(names[client])
        client.drop(names[client])
    time.sleep(max(0.0, end - time.monotonic()))
    first = first_times(clients, lambda client: any(map(server.has, names[client])), end + 60)
    time.sleep(max(0.0, end + 30 - time.monotonic()))
    for client in clients:
        rows[0].append(seconds(noticed[client], 1, f"not within {OUTAGE - 10} s"))
        rows[1].append(str(sum(map(server.has, names[client]))))
        rows[2].append(seconds(first[client], 1))
        client.__exit__()
    return rows


def first_times(clients, condition, end):
    """How long it takes for each client until a condition holds; infinite when it does not before the end."""
    start, times = time.monotonic(), dict.fromkeys(clients, float("inf"))
    while float("inf") in times.values() and time.monotonic() < end:
        for client in clients:
            if times[client] == float("inf") and condition(client):
                times[client] = time.monotonic() - start
        time.sleep(0.02)
    return times


def million(server, folder, _, number=1_000_000):
    """Very many reports in the queue."""
    client = Own(server, folder / "million")
    client.start()
    client.stop()
    start = time.monotonic()
    size = fill(folder / "million/queue/queue.db", number)
    print(f"{number:,} reports, {size / 1e6:.0f} MB, put into the queue in {seconds(time.monotonic() - start)}", flush=True)
    server.slow(60_000)
    starts = []
    for _ in range(5):
        starts.append(client.start())
        client.stop()
    server.slow(0)
    rows = [[f"start to ready with {number:,} reports in the queue", "2 s", seconds(statistics.median(starts), 2)]]
    with client:
        before, start = client.delivered(), time.monotonic()
        until(lambda: client.delivered() - before >= 20_000, pause=0.05)
        sent = (client.delivered() - before) / (time.monotonic() - start)
        names = [f"W{number}" for number in range(2000)]
        client.prepare(names)
        before, start = client.delivered(), time.monotonic()
        client.drop(names)
        until(lambda: not any(client.watch.iterdir()), pause=0.02)
        time_taken = time.monotonic() - start
        rows.append(["of these sent a second", "", f"{sent:,.0f}/s"])
        rows.append(["files taken in a second meanwhile", "", f"{len(names) / time_taken:,.0f}/s"])
        rows.append(["resident memory after that", "", f"{client.memory():.0f} MiB"])
    return rows


def fill(path, number):
    """Puts reports into the queue's database, as if they had been taken in while the server was away."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = off")
    body, size = report("MILLION").replace(id_of("MILLION"), "{id}", 1), 0
    with connection:
        for sequence in range(1, number + 1):
            key = hashlib.sha256(str(sequence).encode()).digest()
            name = str(uuid.UUID(bytes=key[:16], version=5))
            content = body.replace("{id}", name, 1).encode()
            connection.execute(
                "INSERT INTO report (sequence, content, converter, position, id, state, priority, source, serial_number,"
                " accepted, due, attempts, size) VALUES (?, ?, 'wsjf', 0, ?, 0, 5, 'a.json', 'MILLION', 1, 0, 0, ?)",
                (sequence, key, name, len(content)),
            )
            digest = hashlib.sha256(content).digest()
            connection.execute("INSERT INTO body VALUES (?, ?, ?)", (sequence, digest, content))
            size += len(content)
        connection.execute("UPDATE totals SET pending = ?, bytes = ?", (number, size))
    connection.close()
    return size


SECTIONS = {"programs": programs, "quiet": quiet, "rate": rate, "outage": outage, "million": million}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("sections", nargs="*", choices=[*SECTIONS, []], help="what to measure")
    chosen = arguments.parse_args().sections or ["programs", "quiet", "rate"]
    peer = (PYTHON / "bin/pywats-client").exists()
    rows = []
    with tempfile.TemporaryDirectory(prefix="wats-client-bench-") as folder, Server() as server:
        for section in chosen:
            rows += SECTIONS[section](server, pathlib.Path(folder), peer)
    print("| | goal | WATS Client | Python client |\n|---|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row + [""] * (4 - len(row))) + " |")


if __name__ == "__main__":
    sys.exit(main())
