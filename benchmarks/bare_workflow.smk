# The jobs and files of a dataset of 1,000 trials with 8 cameras, as patterns and nothing else: what Snakemake itself costs.
# For benchmarks/planning.py --bare.
CAMERAS = [f"cam{number:02d}" for number in range(1, 9)]
TRIALS = [f"S{number // 10:03d}/T{number % 10:02d}" for number in range(1000)]
SESSIONS = sorted({trial.partition("/")[0] for trial in TRIALS})
OF_SESSION = [f"results/{{session}}/T{number:02d}" for number in range(10)]
TRIAL = "results/{session}/{trial}"
VIDEOS = [f"data/{{session}}/{{trial}}/videos/{camera}.mp4" for camera in CAMERAS]


rule all:
    input:
        [
            f"results/{trial}/{name}"
            for trial in TRIALS
            for name in ("page.html", "P1.mot")
        ],
        [f"results/{session}/health.json" for session in SESSIONS],


rule calibrate:
    output:
        "results/{session}/calibration.toml",
    shell:
        "touch {output}"


rule pose:
    input:
        "data/{session}/{trial}/videos/{camera}.mp4",
    output:
        f"{TRIAL}/pose/{{camera}}.npz",
        f"{TRIAL}/pose/{{camera}}.json",
    log:
        "logs/{session}/{trial}/{camera}.log",
    shell:
        "touch {output}"


rule inspect:
    input:
        VIDEOS,
        "results/{session}/calibration.toml",
    output:
        f"{TRIAL}/inputs.json",
    shell:
        "touch {output}"


rule synchronize:
    input:
        f"{TRIAL}/inputs.json",
        [f"{TRIAL}/pose/{camera}.npz" for camera in CAMERAS],
    output:
        f"{TRIAL}/synchronization.json",
    shell:
        "touch {output}"


rule associate:
    input:
        f"{TRIAL}/synchronization.json",
        [f"{TRIAL}/pose/{camera}.npz" for camera in CAMERAS],
    output:
        f"{TRIAL}/observations.npz",
    shell:
        "touch {output}"


for AFTER, BEFORE in {
    "points3d.npz": ["observations.npz"],
    "filtered.npz": ["points3d.npz"],
    "quality.json": ["filtered.npz"],
    "P1.trc": ["filtered.npz"],
    "page.html": ["verdict.json", "pictures.npz", "filtered.npz", "P1.mot"],
}.items():

    rule:
        name:
            f"makes_{AFTER.partition('.')[0]}"
        input:
            [f"{TRIAL}/{name}" for name in BEFORE],
        output:
            f"{TRIAL}/{AFTER}",
        shell:
            "touch {output}"


rule scale:
    input:
        [f"{trial}/P1.trc" for trial in OF_SESSION],
    output:
        "results/{session}/model.osim",
    shell:
        "touch {output}"


rule solve_kinematics:
    input:
        f"{TRIAL}/P1.trc",
        "results/{session}/model.osim",
    output:
        f"{TRIAL}/P1.mot",
    shell:
        "touch {output}"


rule judge_trial:
    input:
        f"{TRIAL}/P1.mot",
        f"{TRIAL}/quality.json",
        [f"{TRIAL}/pose/{camera}.json" for camera in CAMERAS],
    output:
        f"{TRIAL}/verdict.json",
    shell:
        "touch {output}"


rule player_pictures:
    input:
        VIDEOS,
        f"{TRIAL}/synchronization.json",
    output:
        f"{TRIAL}/pictures.npz",
    shell:
        "touch {output}"


rule calibration_health:
    input:
        [f"{trial}/observations.npz" for trial in OF_SESSION],
    output:
        "results/{session}/health.json",
    shell:
        "touch {output}"
