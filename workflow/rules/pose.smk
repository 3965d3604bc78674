# Keypoints of everybody in each camera's video; precomputed keypoints are read instead. The rules that use GPUs.


rule estimate_pose_chunk:
    input:
        recording=lambda wildcards: ancient(str(PLAN.camera(wildcards).path)),
        networks=lambda wildcards: [
            ancient(path) for path in PLAN.network_inputs(wildcards)
        ],
    output:
        keypoints=temp(LAYOUT.pattern("keypoints_chunk")),
        report=temp(LAYOUT.pattern("pose_chunk_report")),
    log:
        LAYOUT.log("estimate_pose_chunk", (*SESSION_TRIAL, "camera", "chunk")),
    benchmark:
        LAYOUT.benchmark("estimate_pose_chunk", (*SESSION_TRIAL, "camera", "chunk"))
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
        chunk=lambda wildcards, input: PLAN.chunk_of(wildcards),
    shell:
        "python -m kineograph.cli estimate-pose --camera {wildcards.camera:q} --kind {params.kind} --source {input.recording:q}"
        " --fps {params.fps} {params.networks} --device {params.device} --threads {threads} --chunk {params.chunk} --settings {params.settings:q} --code {params.code}"
        " --out {output.keypoints:q} --report {output.report:q} --errors-as-verdicts 2> {log:q}"


# Where a video is done in chunks (pose.chunks), their results are gathered here.
rule estimate_pose:
    input:
        recording=lambda wildcards: ancient(str(PLAN.camera(wildcards).path)),
        networks=lambda wildcards: [
            ancient(path) for path in PLAN.network_inputs(wildcards)
        ],
        chunks=PLAN.pose_chunks,
        reports=PLAN.pose_chunk_reports,
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
        gather=lambda wildcards, input: PLAN.gather_argument(wildcards),
    shell:
        "python -m kineograph.cli estimate-pose --camera {wildcards.camera:q} --kind {params.kind} --source {input.recording:q}"
        " --fps {params.fps} {params.networks} --device {params.device} --threads {threads} {params.gather} --settings {params.settings:q} --code {params.code}"
        " --out {output.keypoints:q} --report {output.report:q} --errors-as-verdicts 2> {log:q}"


rule pose:
    input:
        PLAN.each_trial("keypoints"),
