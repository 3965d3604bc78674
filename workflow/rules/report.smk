# Did it work? Residuals, pictures, plots, a page a trial, a page for the dataset, and the verdicts that make a run fail.


rule assess_quality:
    input:
        observations=PLAN.source("observations"),
        calibration=REFINEMENT.calibration,
        points=PLAN.source("filtered"),
    output:
        LAYOUT.pattern("quality"),
    log:
        LAYOUT.log("assess_quality", SESSION_TRIAL),
    conda:
        "../../envs/core.yaml"
    resources:
        **ARRAYS,
    params:
        settings=PLAN.settings("quality"),
        code=PLAN.code("assess_quality"),
        content=PLAN.skeleton_content,
    shell:
        "python -m kineograph.cli assess-quality --observations {input.observations:q} --calibration {input.calibration:q}"
        " --points {input.points:q} --settings {params.settings:q} --code {params.code} --report {output:q} --errors-as-verdicts 2> {log:q}"


rule draw_overlays:
    input:
        ancient(PLAN.recordings),
        inputs=PLAN.source("inputs"),
        calibration=REFINEMENT.calibration,
        keypoints=PLAN.files("keypoints"),
        synchronization=PLAN.source("synchronization"),
        tracks=PLAN.source("tracks"),
        points=PLAN.source("filtered"),
    output:
        report(
            directory(LAYOUT.pattern("overlays")),
            patterns=["{camera}.jpg"],
            caption="../report/overlay.rst",
            category="{session}",
            subcategory="{trial}",
        ),
    log:
        LAYOUT.log("draw_overlays", SESSION_TRIAL),
    conda:
        "../../envs/core.yaml"
    resources:
        **ARRAYS,
    params:
        settings=PLAN.settings("report"),
        code=PLAN.code("draw_overlays"),
        content=PLAN.skeleton_content,
        cameras=PLAN.recorded_cameras,
    shell:
        "python -m kineograph.cli draw-overlays --cameras {params.cameras:q} --keypoints {input.keypoints:q}"
        " --inputs {input.inputs:q} --calibration {input.calibration:q}"
        " --synchronization {input.synchronization:q} --tracks {input.tracks:q} --points {input.points:q}"
        " --settings {params.settings:q} --code {params.code} --out {output:q} 2> {log:q}"


# On request (report.overlay_video).
rule draw_overlay_video:
    input:
        recording=ancient(PLAN.recording),
        inputs=PLAN.source("inputs"),
        calibration=REFINEMENT.calibration,
        keypoints=PLAN.source("keypoints"),
        synchronization=PLAN.source("synchronization"),
        tracks=PLAN.source("tracks"),
        points=PLAN.source("filtered"),
    output:
        LAYOUT.pattern("overlay_video"),
    log:
        LAYOUT.log("draw_overlay_video", (*SESSION_TRIAL, "camera")),
    conda:
        "../../envs/core.yaml"
    threads: 1
    resources:
        **VIDEOS,
    params:
        settings=PLAN.settings("report", "video"),
        blur=PAGES.blur_argument,
        code=PLAN.code("draw_overlay_video"),
        content=PLAN.skeleton_content,
        kind=PLAN.recording_kind,
    shell:
        "python -m kineograph.cli draw-overlay-video --camera {wildcards.camera:q} --kind {params.kind} --source {input.recording:q}"
        " --inputs {input.inputs:q} --calibration {input.calibration:q} --keypoints {input.keypoints:q}"
        " --synchronization {input.synchronization:q} --tracks {input.tracks:q} --points {input.points:q} {params.blur}"
        " --threads {threads} --settings {params.settings:q} --code {params.code} --out {output:q} 2> {log:q}"


rule plot_trial:
    input:
        quality=PLAN.source("quality"),
        raw=PLAN.source("points3d"),
        filtered=PLAN.source("filtered"),
        coordinates=PLAN.files("coordinates"),
        models=PLAN.files("model"),
        marker_errors=PLAN.files("marker_errors"),
    output:
        report(
            directory(LAYOUT.pattern("plots")),
            patterns=["{plot}.svg"],
            caption="../report/plots.rst",
            category="{session}",
            subcategory="{trial}",
        ),
    log:
        LAYOUT.log("plot_trial", SESSION_TRIAL),
    conda:
        "../../envs/core.yaml"
    resources:
        **ARRAYS,
    params:
        code=PLAN.code("plot_trial"),
        content=PLAN.skeleton_content,
        participants=PLAN.participants,
    shell:
        "python -m kineograph.cli plot-trial --quality {input.quality:q} --raw {input.raw:q} --filtered {input.filtered:q}"
        " --participants {params.participants:q} --coordinates {input.coordinates:q} --models {input.models:q}"
        " --marker-errors {input.marker_errors:q} --out {output:q} 2> {log:q}"


rule judge_trial:
    input:
        REFINEMENT.reports,
        AUGMENTATION.reports,
        PLAN.file("calibration_report"),
        PLAN.files("pose_report"),
        PLAN.files("scaling_report"),
        PLAN.files("kinematics_report"),
        *map(
            PLAN.source,
            (
                "inputs",
                "synchronization",
                "association_report",
                "triangulation_report",
                "filtering_report",
                "quality",
            ),
        ),
    output:
        LAYOUT.pattern("verdict"),
    log:
        LAYOUT.log("judge_trial", SESSION_TRIAL),
    conda:
        "../../envs/core.yaml"
    resources:
        **LIGHT,
    params:
        settings=PLAN.settings("verdicts"),
        code=PLAN.code("judge_trial"),
        participants=PLAN.participants,
    shell:
        "python -m kineograph.cli judge-trial --session {wildcards.session:q} --trial {wildcards.trial:q}"
        " --participants {params.participants:q} --reports {input:q} --settings {params.settings:q} --code {params.code} --out {output:q} 2> {log:q}"


rule player_pictures:
    input:
        ancient(PAGES.filmed),
        synchronization=PLAN.source("synchronization"),
        blurred=PAGES.blurred_keypoints,
    output:
        LAYOUT.pattern("player_pictures"),
    log:
        LAYOUT.log("player_pictures", SESSION_TRIAL),
    conda:
        "../../envs/core.yaml"
    resources:
        **VIDEOS,
    params:
        settings=PLAN.settings("report", "player"),
        blur=PAGES.blur_argument,
        code=PLAN.code("player_pictures"),
        content=PAGES.filmed_content,
        cameras=PLAN.recorded_cameras,
    shell:
        "python -m kineograph.cli player-pictures --synchronization {input.synchronization:q} --cameras {params.cameras:q}"
        " {params.blur} {input.blurred:q} --settings {params.settings:q} --code {params.code} --out {output:q} 2> {log:q}"


rule bone_shapes:
    input:
        ancient(PAGES.bones_input()),
    output:
        LAYOUT.pattern("bone_shapes"),
    log:
        LAYOUT.log("bone_shapes", ()),
    conda:
        "../../envs/core.yaml"
    resources:
        **LIGHT,
    params:
        code=PLAN.code("bone_shapes"),
        content=PAGES.bones_content,
        geometry=lambda wildcards, input: PAGES.bones_folder(),
    shell:
        "python -m kineograph.cli bone-shapes --geometry {params.geometry:q} --out {output:q} 2> {log:q}"


rule trial_page:
    input:
        **{
            kind: PLAN.source(kind)
            for kind in (
                "observations",
                "filtered",
                "triangulation_report",
                "quality",
                "verdict",
            )
        },
        bones=LAYOUT.pattern("bone_shapes"),
        calibration=REFINEMENT.calibration,
        pictures=PLAN.source("player_pictures"),
        kinematics=PLAN.files("kinematics_report"),
        coordinates=PLAN.files("coordinates"),
        bodies=PLAN.files("bodies"),
        marker_errors=PLAN.files("marker_errors"),
        models=PLAN.files("model"),
        videos=PAGES.overlay_videos,
    output:
        page=report(
            LAYOUT.pattern("trial_page"),
            caption="../report/trial.rst",
            category="{session}",
            subcategory="{trial}",
        ),
        thumbnail=LAYOUT.pattern("thumbnail"),
    log:
        LAYOUT.log("trial_page", SESSION_TRIAL),
    conda:
        "../../envs/core.yaml"
    resources:
        **ARRAYS,
    params:
        code=PLAN.code("trial_page"),
        content=PAGES.trial_content,
        skeletons=PLAN.skeleton_content,
        cameras=PAGES.camera_names,
        participants=PLAN.participants,
        files=PAGES.result_files,
        dataset=lambda wildcards: LAYOUT.path("dataset_page"),
    shell:
        "python -m kineograph.cli trial-page --verdict {input.verdict:q} --triangulation {input.triangulation_report:q}"
        " --quality {input.quality:q} --observations {input.observations:q} --calibration {input.calibration:q}"
        " --points {input.filtered:q} --pictures {input.pictures:q}"
        " --participants {params.participants:q} --kinematics {input.kinematics:q} --coordinates {input.coordinates:q}"
        " --bodies {input.bodies:q} --marker-errors {input.marker_errors:q} --models {input.models:q} --bones {input.bones:q} --cameras {params.cameras:q}"
        " --videos {input.videos:q} --files {params.files:q} --dataset-page {params.dataset:q} --thumbnail {output.thumbnail:q} --out {output.page:q} 2> {log:q}"


rule dataset_page:
    input:
        verdicts=PLAN.each_trial("verdict"),
        health=REFINEMENT.each_calibration("calibration_health"),
    output:
        table=LAYOUT.pattern("summary"),
        page=report(
            LAYOUT.pattern("dataset_page"),
            caption="../report/dataset.rst",
            category="Dataset",
        ),
    log:
        LAYOUT.log("dataset_page", ()),
    conda:
        "../../envs/core.yaml"
    resources:
        **LIGHT,
    params:
        code=PLAN.code("dataset_page"),
        content=PAGES.dataset_content,
    shell:
        "python -m kineograph.cli dataset-page --verdicts {input.verdicts:q} --health {input.health:q} --table {output.table:q} --out {output.page:q} 2> {log:q}"


# Fails where a trial's verdict says so: the last job of all, so that nothing waits for it but `all`.
rule check_dataset:
    input:
        PLAN.each_trial("trial_page"),
        verdicts=PLAN.each_trial("verdict"),
        page=LAYOUT.path("dataset_page"),
    output:
        LAYOUT.pattern("checked"),
    log:
        LAYOUT.log("check_dataset", ()),
    priority: -1
    conda:
        "../../envs/core.yaml"
    resources:
        **LIGHT,
    params:
        code=PLAN.code("check_dataset"),
    shell:
        "python -m kineograph.cli check-dataset --verdicts {input.verdicts:q} --page {input.page:q} --out {output:q} 2> {log:q}"


# All cameras' videos with overlays, also where report.overlay_video does not ask for them.
rule overlay_videos:
    input:
        PLAN.each_trial("overlay_video"),


# On request: what Snakemake's report shows, with still pictures and plots, which no page needs.
rule report:
    input:
        PLAN.each_trial("trial_page", "overlays", "plots"),
        LAYOUT.path("dataset_page"),
        PICTURES.drawings(),
