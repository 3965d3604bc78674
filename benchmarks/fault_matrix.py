"""Do verdicts name what is wrong with a session? Eight faults through the whole workflow, and through Pose2Sim beside it.

.venv/bin/python benchmarks/fault_matrix.py            (about six minutes a seed, and as much again with --peer)

Each fault is made in a session of three trials whose other parts are right (tests/synthetic/fault_studies.py); one session is
healthy. What counts as naming is in tests/synthetic/fault_score.py: the right stage, cause, camera and trials. Seeds 1 to 20 were
used while the verdicts were made, 101 to 106 have been looked at; the seeds here are others.

Of Pose2Sim it counts as naming if, in a trial concerned, a warning or an error contains the camera's name, or its log says that
this camera was left out most often, and in at least a tenth of the points; for an offset, if it was found to a frame. The cause
need not be named. Where all cameras or a trial are at fault, any warning in that trial counts.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from comparison import REPOSITORY, pose2sim, tables
from comparison.processes import run
from comparison.trial_files import write_trial

from kineograph.calibration_formats import toml
from kineograph.catalog.assets import default_cache
from kineograph.io.reports import read_report
from kineograph.io.skeletons import read_skeleton
from kineograph.keypoint_formats import openpose
from kineograph.layout import Layout
from synthetic.fault_score import Charge, charge, mended, names_the_fault, wrongly_blamed
from synthetic.fault_studies import FAULTS, FPS_HZ, Study, study

SEEDS = (107, 108)
TRIALS = ("T1", "T2", "T3")
BMI = 22.5
CALIBRATION = "session"
"""The name that the workflow gives to the calibration beside the trials."""
LEFT_OUT = 10
"""Percent of the points in which a camera must be left out to count as named by the peer's log."""


@dataclass
class Finding:
    """What a tool said of a study."""

    found: bool
    said: str
    wrong: list[str] = field(default_factory=list)


def main() -> None:
    """Make the sessions, run the tools, print the table and the score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="*", default=SEEDS)
    parser.add_argument("--faults", nargs="*", default=list(FAULTS), choices=list(FAULTS))
    parser.add_argument("--peer", action="store_true", help="run Pose2Sim as well")
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--work", type=Path, help="keep the sessions and results in this folder")
    args = parser.parse_args()
    skeleton = read_skeleton(REPOSITORY / "resources" / "skeletons" / "halpe26.toml")
    python = pose2sim.install(default_cache() / f"pose2sim-{pose2sim.VERSION}") if args.peer else None
    rows, score = [], {"Kineograph": [0, 0, 0, 0], pose2sim.TOOL: [0, 0, 0, 0]}
    with tempfile.TemporaryDirectory() as temporary:
        for seed in args.seeds:
            work = (args.work or Path(temporary)).absolute() / str(seed)
            studies = {session(fault): study(fault, seed, skeleton, TRIALS) for fault in args.faults}
            layout = run_workflow(studies, work, args.cores)
            for name, made in studies.items():
                findings = {"Kineograph": ours(made, name, layout)}
                if python is not None:
                    findings[pose2sim.TOOL] = theirs(python, made, work / "peer" / name)
                for tool, finding in findings.items():
                    count(score[tool], made, finding)
                    rows.append(row(seed, made, tool, finding))
                    print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    header = ["seed", "fault", "made", "tool", "named", "what it said first", "others blamed"]
    print(tables.table(header, rows))
    for tool, (right, faults, healthy_right, healthy) in score.items():
        if faults + healthy:
            print(
                f"\n{tool}: {right} of {faults} faults named; {healthy_right} of {healthy} healthy sessions without a charge"
            )


def session(fault: str) -> str:
    """The name of a fault's session."""
    return fault.replace(" ", "_")


def count(score: list[int], made: Study, finding: Finding) -> None:
    """Add a finding to a tool's score."""
    place = 0 if made.blame else 2
    score[place] += finding.found
    score[place + 1] += 1


def row(seed: int, made: Study, tool: str, finding: Finding) -> list[str]:
    """A row of the table."""
    named = "yes" if finding.found else "no"
    return [str(seed), made.fault, made.what or "nothing", tool, named, finding.said, "; ".join(finding.wrong)]


# ---- Kineograph


def run_workflow(studies: dict[str, Study], work: Path, cores: int) -> Layout:
    """Write all sessions as one dataset, and run the workflow up to the reports."""
    data = work / "data"
    people = ["participant\theight_m\tmass_kg"]
    trials = ["session\ttrial\tparticipants"]
    for name, made in studies.items():
        for trial, keypoints in made.trials.items():
            for item in keypoints:
                openpose.write(data / name / trial / "keypoints" / f"{item.camera}_json", item)
            trials.append(f"{name}\t{trial}\t{person(name)}")
        (data / name / "calibration").mkdir(parents=True, exist_ok=True)
        toml.write(data / name / "calibration" / "calibration.toml", made.given)
        people.append(f"{person(name)}\t{made.height_m:.3f}\t{BMI * made.height_m**2:.1f}")
    (data / "participants.tsv").write_text("\n".join(people) + "\n")
    (data / "trials.tsv").write_text("\n".join(trials) + "\n")
    config = {"dataset": str(data), "results": str(work / "results"), "inputs": {"fps_hz": FPS_HZ}}
    config["pose"] = {"keypoint_skeleton": "halpe26"}
    (work / "config.yaml").write_text(json.dumps(config))
    layout = Layout(str(work / "results"))
    targets = [str(path) for name, made in studies.items() for path, _ in reports_of(layout, name, made)]
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(REPOSITORY / "Snakefile"), "--cores", str(cores)]
    log = work / "log.txt"
    cost = run(
        [*command, "--quiet", "all", "--configfile", str(work / "config.yaml"), "--", *targets], cwd=work, log=log
    )
    if cost.code:
        raise SystemExit(log.read_text()[-3000:])
    print(f"workflow: {cost.cpu_s:.0f} CPU s", file=sys.stderr)
    return layout


def person(name: str) -> str:
    """The participant of a session."""
    return f"P_{name}"


def reports_of(layout: Layout, name: str, made: Study) -> list[tuple[Path, str | None]]:
    """The reports on a session, each with its trial; without one where it is about the session.

    Those that a trial's verdict and the dataset's page are made of, but for kinematics, which takes most of the time.
    """
    kinds = ("inputs", "synchronization", "association_report", "triangulation_report", "filtering_report", "quality")
    of_trials = [(layout.path(kind, session=name, trial=trial), trial) for trial in made.trials for kind in kinds]
    where = {"session": name, "calibration": CALIBRATION, "participant": person(name)}
    of_session = [layout.path(kind, **where) for kind in ("calibration_report", "calibration_health", "scaling_report")]
    return [(Path(path), trial) for path, trial in [*of_trials, *((path, None) for path in of_session)]]


def ours(made: Study, name: str, layout: Layout) -> Finding:
    """What our verdicts say."""
    charges: list[Charge] = []
    offsets = {}
    for path, trial in reports_of(layout, name, made):
        report = read_report(path)
        charges += [
            charge(report.stage, reason, trial, made.trials) for reason in report.reasons if reason.verdict != "pass"
        ]
        if report.stage == "synchronization" and trial:
            offsets[trial] = report.came_out["offset_s"]
    wrong = wrongly_blamed(made, charges)
    if made.blame is None:
        return Finding(not charges, charges[0].reason.text if charges else "", wrong)
    naming = [item for item in charges if names_the_fault(made, item)]
    if naming:
        return Finding(True, f"{naming[0].stage}: {naming[0].reason.text}", wrong)
    if mended(made, offsets):
        return Finding(True, "synchronization: the offset was found and taken out", wrong)
    return Finding(False, f"{charges[0].stage}: {charges[0].reason.text}" if charges else "", wrong)


# ---- the peer


def theirs(python: Path, made: Study, work: Path) -> Finding:
    """What Pose2Sim's warnings, errors and log say of the trials concerned (of two where it is all)."""
    concerned = list(made.blame.trials if made.blame else made.trials)[:2]
    found, said = made.blame is None, []
    for trial in concerned:
        files = write_trial(work / trial, made.given, made.trials[trial], synchronize=True)
        result = pose2sim.run_pose2sim(python, files, settings={"project": {"frame_rate": int(FPS_HZ)}})
        excluded = re.search(r"(\S+) left out (\d+) %", result.noted)
        most = excluded[1] if excluded and int(excluded[2]) >= LEFT_OUT else ""
        texts = [text for text in [*result.said, result.error] if text]
        said += [f"{trial}: {result.noted}", *texts]
        if made.blame is None:
            found &= not texts and not most
        elif made.blame.camera:
            right = {made.blame.camera, made.blame.also} - {""}
            found |= most in right or any(camera in text for camera in right for text in texts)
        else:
            found |= bool(texts)
        if (trial, made.blame.camera if made.blame else "") in made.offset_s:
            true = np.array([made.offset_s.get((trial, name), 0.0) for name in made.given.names])
            taken = result.offset_s * pose2sim.FPS_HZ / FPS_HZ
            found |= bool(np.ptp(taken + true) < 1.5 / FPS_HZ or np.ptp(taken - true) < 1.5 / FPS_HZ)
    return Finding(found, "; ".join(said)[:300])


if __name__ == "__main__":
    main()
