# The cameras' offsets, judged by geometry, and the trial's common clock.


rule synchronize:
    input:
        inputs=PLAN.source("inputs"),
        calibration=PLAN.file("calibration"),
        keypoints=PLAN.files("keypoints"),
    output:
        LAYOUT.pattern("synchronization"),
    log:
        LAYOUT.log("synchronize", SESSION_TRIAL),
    benchmark:
        LAYOUT.benchmark("synchronize", SESSION_TRIAL)
    conda:
        "../../envs/core.yaml"
    resources:
        **ARRAYS,
    params:
        settings=PLAN.settings("synchronization"),
        code=PLAN.code("synchronize"),
        content=PLAN.skeleton_content,
        frames=PLAN.frames,
        timestamps=lambda wildcards: timestamps_argument(
            PLAN.trial(wildcards), PLAN.settings("synchronization")(wildcards)
        ),
        times=lambda wildcards: timestamps_content(
            PLAN.trial(wildcards), PLAN.settings("synchronization")(wildcards)
        ),
    shell:
        "python -m kineograph.cli synchronize --inputs {input.inputs:q} --calibration {input.calibration:q}"
        " --keypoints {input.keypoints:q} --frames {params.frames:q} --timestamps {params.timestamps:q} --settings {params.settings:q} --code {params.code}"
        " --out {output:q} --errors-as-verdicts 2> {log:q}"
