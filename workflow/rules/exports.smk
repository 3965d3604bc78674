# Results in the formats of other tools: one job a trial, or a person in it, for all that the configuration asks for
# (exports); every other format is a target by its path.
from kineograph.planning.exports import ExportPlan
from kineograph.planning.sharing import SharePlan

EXPORTS = ExportPlan(PLAN, AUGMENTATION)
SHARING = SharePlan(PLAN)


for JOB in EXPORTS.jobs():

    rule:
        name:
            JOB.name
        input:
            JOB.inputs,
        output:
            JOB.outputs,
        log:
            LAYOUT.log(JOB.name, JOB.wildcards),
        conda:
            "../../envs/core.yaml"
        resources:
            **ARRAYS,
        params:
            formats=JOB.formats,
            code=JOB.code,
            content=PLAN.skeleton_content,
            subject=EXPORTS.subject,
            files=lambda wildcards, input, job=JOB: job.files(wildcards),
        shell:
            "python -m kineograph.cli export --formats {params.formats} --subject {params.subject:q} --files {params.files:q}"
            " --out {output:q} 2> {log:q}"


# On request: an archive of a participant's results in a session, to be passed on.
rule share:
    input:
        SHARING.inputs,
    output:
        LAYOUT.pattern("share"),
    log:
        LAYOUT.log("share", ("session", "participant")),
    conda:
        "../../envs/core.yaml"
    resources:
        **LIGHT,
    params:
        settings=PLAN.settings("sharing"),
        code=PLAN.code("share"),
        content=SHARING.recordings_content,
        files=lambda wildcards, input: SHARING.files(wildcards),
        recordings=lambda wildcards, input: SHARING.recordings(wildcards),
    shell:
        "python -m kineograph.cli share --session {wildcards.session:q} --participant {wildcards.participant:q} --files {params.files:q}"
        " --recordings {params.recordings:q} --settings {params.settings:q} --code {params.code} --out {output:q} 2> {log:q}"


rule exports:
    input:
        EXPORTS.asked(),
