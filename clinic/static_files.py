from django.contrib.staticfiles.apps import StaticFilesConfig


class OnlyWhatIsServed(StaticFilesConfig):
    """Of Bootstrap's package only the two files that pages load, with their source maps."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        "css/bootstrap[.-][!m]*",
        "css/bootstrap-*",
        "js/bootstrap.[!b]*",
        "js/bootstrap.bundle.js*",
        "scss",
    ]
