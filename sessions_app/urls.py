"""The addresses of the app; every view module lists its own."""

from sessions_app.views import login, office, planning, public

urlpatterns = [
    *public.urlpatterns,
    *login.urlpatterns,
    *planning.urlpatterns,
    *office.urlpatterns,
]
