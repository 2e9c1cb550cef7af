"""Addresses of flows, below /app/<slug>/settings/."""

from django.urls import path

from dashboard.flows import pages, runs

flow_settings = [
    path("flows/", pages.flow_list, name="flows"),
    path("flows/<str:flow_id>/", pages.flow, name="flow"),
    path("flows/<str:flow_id>/switch/", pages.flow_switch, name="flow_switch"),
    path("flows/<str:flow_id>/delete/", pages.flow_delete, name="flow_delete"),
    path("flows/<str:flow_id>/runs/", runs.flow_runs, name="flow_runs"),
    path("flows/<str:flow_id>/runs/<str:run_id>/", runs.flow_run, name="flow_run"),
    path("flows/<str:flow_id>/runs/<str:run_id>/stop/", runs.flow_run_stop, name="flow_run_stop"),
]
