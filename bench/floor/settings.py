"""Settings of the floor server: no middleware, one table, the portal's own database options."""

from sprechstunde.environment import database, env

SECRET_KEY = "floor"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "bench.floor.urls"
INSTALLED_APPS = ["bench.floor"]
MIDDLEWARE: list[str] = []
DATABASES = {"default": database(env.str("DATABASE_URL"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.str("REDIS_URL")
REDIS_PREFIX = "floor:"
WHATSAPP_APP_SECRETS = [env.str("WHATSAPP_APP_SECRET")]
USE_TZ = True
LOGGING_CONFIG = None
