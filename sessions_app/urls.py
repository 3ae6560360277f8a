"""The addresses of the app; every view module lists its own."""

from sessions_app.views import (
    desk,
    desk_actions,
    desk_files,
    desk_live,
    health,
    login,
    office,
    planning,
    public,
    webhook,
)

urlpatterns = [
    *public.urlpatterns,
    *login.urlpatterns,
    *planning.urlpatterns,
    *office.urlpatterns,
    *desk.urlpatterns,
    *desk_actions.urlpatterns,
    *desk_files.urlpatterns,
    *desk_live.urlpatterns,
    *webhook.urlpatterns,
    *health.urlpatterns,
]
