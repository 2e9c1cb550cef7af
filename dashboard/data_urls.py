"""Addresses of data in and out."""

from django.urls import URLPattern, path

from dashboard.pages import exports, imports

data_settings: list[URLPattern] = [
    path("imports/", imports.imports, name="imports"),
    path("imports/<str:import_id>/", imports.one_import, name="import"),
    path("imports/<str:import_id>/stop/", imports.stop, name="stop_import"),
    path("imports/<str:import_id>/undo/", imports.undo, name="undo_import"),
    path("imports/<str:import_id>/discard/", imports.discard, name="discard_import"),
    path("imports/<str:import_id>/report/", imports.report, name="import_report"),
    path("export/<slug:name>/", exports.export, name="export"),
]
