# The participants' keypoints in space.


rule triangulate:
    input:
        observations=PLAN.source("observations"),
        calibration=REFINEMENT.calibration,
    output:
        points=LAYOUT.pattern("points3d"),
        report=LAYOUT.pattern("triangulation_report"),
    log:
        LAYOUT.log("triangulate", SESSION_TRIAL),
    benchmark:
        LAYOUT.benchmark("triangulate", SESSION_TRIAL)
    conda:
        "../../envs/core.yaml"
    resources:
        **ARRAYS,
    params:
        settings=PLAN.settings("triangulation"),
        code=PLAN.code("triangulate"),
        content=PLAN.skeleton_content,
    shell:
        "python -m kineograph.cli triangulate --observations {input.observations:q} --calibration {input.calibration:q}"
        " --settings {params.settings:q} --code {params.code} --out {output.points:q} --report {output.report:q} --errors-as-verdicts 2> {log:q}"


rule points3d:
    input:
        PLAN.each_trial("points3d"),
