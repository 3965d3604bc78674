# From videos to joint angles. The rules are in workflow/rules, one file a stage, in the order of the data.
from snakemake.utils import min_version

min_version("9.0")


# Only where no other configuration is given: Snakemake would merge the two.
if "dataset" not in config:

    configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/resources.smk"
include: "workflow/rules/calibration.smk"
include: "workflow/rules/pose.smk"
include: "workflow/rules/synchronization.smk"
include: "workflow/rules/association.smk"
include: "workflow/rules/triangulation.smk"
include: "workflow/rules/filtering.smk"
include: "workflow/rules/augmentation.smk"
include: "workflow/rules/scaling.smk"
include: "workflow/rules/kinematics.smk"
include: "workflow/rules/exports.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/sweep.smk"


localrules:
    all,
    calibration,
    pose,
    points3d,
    kinematics,
    exports,
    overlay_videos,
    report,
    check_dataset,


rule all:
    default_target: True
    input:
        PLAN.each_trial("motion", "trial_page"),
        LAYOUT.path("dataset_page"),
        LAYOUT.path("checked"),
        PICTURES.drawings(),
        EXPORTS.asked(),
