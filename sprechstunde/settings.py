"""Settings of the project; every value that differs between installations comes from the environment."""

from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from sprechstunde.environment import database, env, reply_address, secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.str("VAR_DIR", default="var")).expanduser()
if not VAR_DIR.is_absolute():
    VAR_DIR = BASE_DIR / VAR_DIR

SECRET_KEY = secret_key(VAR_DIR)
DEBUG = False
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PORT = env.int("PORT", default=8000)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "template_partials",
    "csp",
    "routing",  # before sessions_app: it extends some of its management commands
    "sessions_app",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "sprechstunde.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {
    "default": database(env.str("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'db.sqlite3'}"))
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default=f"unix://{VAR_DIR / 'redis.sock'}")
REDIS_PREFIX = env.str("REDIS_PREFIX", default="sprechstunde:")
KEYSTORE_URL = env.str("KEYSTORE_URL", default=f"file://{VAR_DIR / 'keys'}")
MEDIA_ROOT = VAR_DIR / "media"
TICKET_MEDIA_ROOT = VAR_DIR / "tickets"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": f"{REDIS_PREFIX}cache",
    }
}

WHATSAPP_API_URL = env.str("WHATSAPP_API_URL", default="https://graph.facebook.com")
WHATSAPP_API_VERSION = env.str("WHATSAPP_API_VERSION", default="v26.0")
WHATSAPP_ACCESS_TOKEN = env.str("WHATSAPP_ACCESS_TOKEN", default="")
WHATSAPP_APP_SECRETS = [
    part.strip() for part in env.str("WHATSAPP_APP_SECRET", default="").split(",") if part.strip()
]
WHATSAPP_VERIFY_TOKEN = env.str("WHATSAPP_VERIFY_TOKEN", default="")
ATTACHMENT_MAX_BYTES = env.int("ATTACHMENT_MAX_BYTES", default=16 * 1024 * 1024)
# What Meta allows one number; it raises this to 1,000 for numbers of very high use.
WHATSAPP_MESSAGES_PER_SECOND = env.int("WHATSAPP_MESSAGES_PER_SECOND", default=80)

# smtps://user:password@host, smtp:// with STARTTLS; empty: no mail leaves (routing/mail/smtp.py).
EMAIL_URL = env.str("EMAIL_URL", default="")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="sprechstunde@localhost")
# Where replies and reports go; the star becomes a signed word (routing/mail/addresses.py).
REPLY_ADDRESS = env.str("REPLY_ADDRESS", default="") or reply_address(DEFAULT_FROM_EMAIL)
# How long a mail server tries to deliver; then silence means that it never had the mail.
EMAIL_RECEIPT_PATIENCE_HOURS = env.int("EMAIL_RECEIPT_PATIENCE_HOURS", default=5 * 24)
# imap+ssl://user:password@host, imap+tls:// with STARTTLS; empty: no mailbox is read.
INBOX_URL = env.str("INBOX_URL", default="")
INBOX_MAX_BYTES = env.int("INBOX_MAX_BYTES", default=40 * 1024 * 1024)  # 25 MB of files, encoded
PORTAL_URL = env.str("PORTAL_URL", default=f"http://localhost:{PORT}").rstrip("/")

# Celery gets primary keys only; results are not kept.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": f"{REDIS_PREFIX}celery:",
    "visibility_timeout": 3600,
    "socket_keepalive": True,
    "health_check_interval": 10,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED = False
CELERY_TASK_DEFAULT_QUEUE = "sprechstunde"
CELERY_TASK_PUBLISH_RETRY = False  # the database is the outbox; a sweep picks up what was not rung
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_ENABLE_UTC = True
# Threads keep their database connections from task to task (sprechstunde/celery.py drops dead ones).
CELERY_DB_REUSE_MAX = 1_000_000_000

AUTHENTICATION_BACKENDS = ["sessions_app.queries.roles.RolesBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "desk"
LOGOUT_REDIRECT_URL = "public"

LANGUAGE_CODE = "de"
LANGUAGES = [("de", _("German")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.str("TIME_ZONE", default="Europe/Berlin")
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "sprechstunde.static_files.Storage"},
}

# Uploads stay in memory: Django would spool larger ones unencrypted into temporary files.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
WEBHOOK_MAX_BYTES = 3 * 1024 * 1024  # Meta sends no more
DATA_UPLOAD_MAX_MEMORY_SIZE = WEBHOOK_MAX_BYTES + 1024 * 1024

HTTPS = env.bool("HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_ENGINE = "sprechstunde.session_store"
SESSION_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF, "data:"],  # KERN's icons are data URIs
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

METRICS_ENABLED = env.bool("METRICS_ENABLED", default=False)
DEFAULT_EXCEPTION_REPORTER = "sprechstunde.vault.reporting.PlacesOnly"
DEFAULT_EXCEPTION_REPORTER_FILTER = "sprechstunde.vault.reporting.NothingPersonal"
ADMINS: list[tuple[str, str]] = []

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "content_free": {"()": "sprechstunde.logs.ContentFree"},
        "not_ready": {"()": "sprechstunde.logs.NotReadyIsAnAnswer"},
    },
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["content_free", "not_ready"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.server": {"level": "ERROR"},
        "httpx": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        # Its own handler would print what escapes Django with the error's text.
        "uvicorn": {"handlers": [], "level": "WARNING", "propagate": True},
        "uvicorn.access": {"level": "WARNING"},
    },
}
