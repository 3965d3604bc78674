# Keypoints of everybody in each camera's video; precomputed keypoints are read instead. The rule that uses GPUs.


rule estimate_pose:
    input:
        recording=lambda wildcards: ancient(str(PLAN.camera(wildcards).path)),
        networks=lambda wildcards: [
            ancient(path) for path in PLAN.network_inputs(wildcards)
        ],
    output:
        keypoints=LAYOUT.pattern("keypoints"),
        report=LAYOUT.pattern("pose_report"),
    log:
        LAYOUT.log("estimate_pose", (*SESSION_TRIAL, "camera")),
    benchmark:
        LAYOUT.benchmark("estimate_pose", (*SESSION_TRIAL, "camera"))
    conda:
        "../../envs/pose-cpu.yaml"
    threads: 1
    resources:
        **NETWORKS,
        gpu=lambda wildcards: PLAN.gpu_slots(wildcards),
    params:
        settings=PLAN.pose_settings,
        code=PLAN.pose_code,
        content=PLAN.pose_content,
        kind=lambda wildcards: PLAN.camera(wildcards).kind,
        fps=PLAN.stated_fps,
        networks=lambda wildcards, input: PLAN.network_arguments(wildcards),
        device=lambda wildcards, input: PLAN.pose_device(wildcards),
    shell:
        "python -m kineograph.cli estimate-pose --camera {wildcards.camera:q} --kind {params.kind} --source {input.recording:q}"
        " --fps {params.fps} {params.networks} --device {params.device} --threads {threads} --settings {params.settings:q} --code {params.code}"
        " --out {output.keypoints:q} --report {output.report:q} --errors-as-verdicts 2> {log:q}"


rule pose:
    input:
        PLAN.each_trial("keypoints"),
