# Keypoints of everybody in each camera's video; precomputed keypoints are read instead. The rules that use GPUs.


rule estimate_pose_chunk:
    input:
        ancient(PLAN.network_inputs),
        recording=ancient(PLAN.recording),
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
        gpu=PLAN.gpu_slots,
    params:
        settings=PLAN.pose_settings,
        code=PLAN.pose_code,
        content=PLAN.pose_content,
        kind=PLAN.recording_kind,
        fps=PLAN.stated_fps,
        work=not_recorded(PLAN.pose_arguments),
    shell:
        "python -m kineograph.cli estimate-pose --camera {wildcards.camera:q} --kind {params.kind} --source {input.recording:q}"
        " --fps {params.fps} {params.work} --threads {threads} --settings {params.settings:q} --code {params.code}"
        " --out {output.keypoints:q} --report {output.report:q} --errors-as-verdicts 2> {log:q}"


# Where a video is done in chunks (pose.chunks), their results are gathered here.
rule estimate_pose:
    input:
        ancient(PLAN.network_inputs),
        PLAN.pose_chunks,
        recording=ancient(PLAN.recording),
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
        gpu=PLAN.gpu_slots,
    params:
        settings=PLAN.pose_settings,
        code=PLAN.pose_code,
        content=PLAN.pose_content,
        kind=PLAN.recording_kind,
        fps=PLAN.stated_fps,
        work=not_recorded(PLAN.pose_arguments),
    shell:
        "python -m kineograph.cli estimate-pose --camera {wildcards.camera:q} --kind {params.kind} --source {input.recording:q}"
        " --fps {params.fps} {params.work} --threads {threads} --settings {params.settings:q} --code {params.code}"
        " --out {output.keypoints:q} --report {output.report:q} --errors-as-verdicts 2> {log:q}"


rule pose:
    input:
        PLAN.each_trial("keypoints"),
