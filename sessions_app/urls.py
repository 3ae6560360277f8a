"""The addresses of the app; every view module lists its own."""

from sessions_app.views import health, login, office, planning, public, webhook

urlpatterns = [
    *public.urlpatterns,
    *login.urlpatterns,
    *planning.urlpatterns,
    *office.urlpatterns,
    *webhook.urlpatterns,
    *health.urlpatterns,
]
