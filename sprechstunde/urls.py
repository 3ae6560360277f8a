"""Every address of the project; each app lists its own."""

from django.urls import include, path

urlpatterns = [
    path("", include("sessions_app.urls")),
    path("", include("routing.urls")),
]
