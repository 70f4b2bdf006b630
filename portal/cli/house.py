"""What most commands need first: settings, logs, the database and the keys of links."""

from portal.settings import Settings


def open_house(log_level: str | None = None) -> Settings:
    """Read the settings, send logs to standard error, bind the database and the link keys.

    Commands that print for people pass ``log_level="warning"``. Raises ``SettingsError``.
    """
    from portal import db
    from portal.access import links
    from portal.logs import configure
    from portal.readings import rules

    settings = Settings.load()
    configure(log_level or settings.log_level)
    db.bind(db.Database(settings.database_url))
    links.configure(settings.secret_keys, settings.base_url)
    settings.install()
    rules.follow()
    return settings
