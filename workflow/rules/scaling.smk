# The OpenSim model of a participant, scaled once from all trials of a session.


rule scale:
    input:
        ancient(PLAN.setup_input()),
        markers=PLAN.of_participant("trc"),
        points=AUGMENTATION.points_of_participant,
    output:
        model=LAYOUT.pattern("model"),
        report=LAYOUT.pattern("scaling_report"),
    log:
        LAYOUT.log("scale", ("session", "participant")),
    benchmark:
        LAYOUT.benchmark("scale", ("session", "participant"))
    conda:
        "../../envs/core.yaml"
    resources:
        **OPENSIM,
    params:
        settings=PLAN.settings("scaling"),
        code=PLAN.code("scale"),
        content=AUGMENTATION.participant_content,
        person=PLAN.person_arguments,
        setup=lambda wildcards, input: PLAN.setup_folder(),
    shell:
        "python -m kineograph.cli scale --markers {input.markers:q} --points {input.points:q} --setup {params.setup:q}"
        " --participant {wildcards.participant:q} {params.person} --settings {params.settings:q} --code {params.code}"
        " --out {output.model:q} --report {output.report:q} --errors-as-verdicts 2> {log:q}"
