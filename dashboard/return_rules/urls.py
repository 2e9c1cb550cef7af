"""Addresses of the return rules, below /app/<slug>/settings/."""

from django.urls import path

from dashboard.return_rules import pages, trials

return_rule_settings = [
    path("return_rules/", pages.return_rules, name="return_rules"),
    path("return_rules/new/", pages.new_rule, name="new_rule"),
    path("return_rules/standard/", pages.standard, name="standard_rule"),
    path("return_rules/publish/", pages.publish_rules, name="publish_rules"),
    path("return_rules/discard/", pages.discard_rules, name="discard_rules"),
    path("return_rules/restore/", pages.restore_rules, name="restore_rules"),
    path("return_rules/try/", trials.try_rules, name="try_rules"),
    path("return_rules/try/<str:trial_id>/", trials.rules_trial, name="rules_trial"),
    path("return_rules/rule/<slug:rule_key>/", pages.edit_rule, name="edit_rule"),
    path("return_rules/rule/<slug:rule_key>/move/", pages.move_rule, name="move_rule"),
    path("return_rules/rule/<slug:rule_key>/delete/", pages.delete_rule, name="delete_rule"),
]
