# Which detection is which participant, in every frame of every camera.


rule associate:
    input:
        inputs=PLAN.source("inputs"),
        calibration=PLAN.file("calibration"),
        keypoints=PLAN.files("keypoints"),
        synchronization=PLAN.source("synchronization"),
    output:
        tracks=LAYOUT.pattern("tracks"),
        observations=LAYOUT.pattern("observations"),
        report=LAYOUT.pattern("association_report"),
    log:
        LAYOUT.log("associate", SESSION_TRIAL),
    benchmark:
        LAYOUT.benchmark("associate", SESSION_TRIAL)
    conda:
        "../../envs/core.yaml"
    resources:
        **ARRAYS,
    params:
        settings=PLAN.settings("association"),
        code=PLAN.code("associate"),
        content=PLAN.skeleton_content,
        participants=PLAN.participants,
        heights=PLAN.heights,
    shell:
        "python -m kineograph.cli associate --inputs {input.inputs:q} --calibration {input.calibration:q}"
        " --keypoints {input.keypoints:q} --synchronization {input.synchronization:q} --participants {params.participants:q} --heights {params.heights:q}"
        " --settings {params.settings:q} --code {params.code} --observations {output.observations:q} --out {output.tracks:q} --report {output.report:q} --errors-as-verdicts 2> {log:q}"
