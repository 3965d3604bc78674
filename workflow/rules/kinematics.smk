# Joint angles of each participant in each trial.


rule solve_kinematics:
    input:
        ancient(PLAN.setup_input()),
        markers=PLAN.source("trc"),
        points=AUGMENTATION.points,
        model=PLAN.source("model"),
    output:
        motion=LAYOUT.pattern("motion"),
        coordinates=LAYOUT.pattern("coordinates"),
        marker_errors=LAYOUT.pattern("marker_errors"),
        bodies=LAYOUT.pattern("bodies"),
        report=LAYOUT.pattern("kinematics_report"),
    log:
        LAYOUT.log("solve_kinematics", (*SESSION_TRIAL, "participant")),
    benchmark:
        LAYOUT.benchmark("solve_kinematics", (*SESSION_TRIAL, "participant"))
    conda:
        "../../envs/core.yaml"
    resources:
        **OPENSIM,
    params:
        settings=PLAN.settings("kinematics"),
        code=PLAN.code("solve_kinematics", "kinematics"),
        content=AUGMENTATION.kinematics_content,
        setup=lambda wildcards, input: PLAN.setup_folder(),
    shell:
        "python -m kineograph.cli solve-kinematics --participant {wildcards.participant:q} --markers {input.markers:q} --points {input.points:q} --model {input.model:q}"
        " --setup {params.setup:q} --settings {params.settings:q} --code {params.code} --motion {output.motion:q} --out {output.coordinates:q}"
        " --marker-errors {output.marker_errors:q} --bodies {output.bodies:q} --report {output.report:q} --errors-as-verdicts 2> {log:q}"


rule kinematics:
    input:
        PLAN.each_trial("motion"),
