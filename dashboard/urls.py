"""The dashboard's addresses, under /app/. A merchant's own pages are under /app/<slug>/."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from dashboard.account.urls import before_signing_in, own
from dashboard.data_urls import data_settings
from dashboard.flows.urls import flow_settings
from dashboard.list_urls import lists
from dashboard.messaging.urls import message_settings
from dashboard.pages import (
    audit,
    campaigns,
    cases,
    claims,
    first,
    home,
    message_health,
    messages,
    parked,
    refunds,
    returns,
    sandbox,
    settings,
    sign_in,
    team,
    withdrawals,
)
from dashboard.return_rules.urls import return_rule_settings
from dashboard.settings_urls import shop_settings
from dashboard.shops.urls import connected_shops
from dashboard.webhook_urls import webhook_settings

app_name = "dashboard"

_settings: list[URLPattern] = [
    path("", settings.settings, name="settings"),
    *shop_settings,
    *connected_shops,
    *webhook_settings,
    *message_settings,
    *flow_settings,
    *return_rule_settings,
    *data_settings,
    path("sandbox/", sandbox.sandbox, name="sandbox"),
    path("sandbox/open/", sandbox.open_sandbox, name="sandbox_open"),
    path("sandbox/move/", sandbox.move_parcels, name="sandbox_move"),
    path("team/", team.members, name="team"),
    path("team/invite/", team.invite, name="team_invite"),
    path("team/two-factor/", team.two_factor, name="team_two_factor"),
    path("team/invitations/<str:invitation_id>/resend/", team.resend, name="team_resend"),
    path("team/invitations/<str:invitation_id>/revoke/", team.revoke, name="team_revoke"),
    path("team/<str:member_id>/role/", team.change_role, name="team_role"),
    path("team/<str:member_id>/remove/", team.remove, name="team_remove"),
    path("audit/", audit.audit_log, name="audit"),
    path("audit/export/", audit.export, name="audit_export"),
]

_merchant: list[URLPattern | URLResolver] = [
    *lists,
    path("messages/", messages.message_log, name="messages"),
    path("messages/campaigns/", campaigns.campaigns, name="campaigns"),
    path("messages/campaigns/make/", campaigns.campaign_new, name="campaign_new"),
    path("messages/campaigns/<str:campaign_id>/", campaigns.campaign, name="campaign"),
    path("messages/campaigns/<str:campaign_id>/edit/", campaigns.campaign_edit, name="campaign_edit"),
    path("messages/campaigns/<str:campaign_id>/move/", campaigns.campaign_move, name="campaign_move"),
    path(
        "messages/campaigns/<str:campaign_id>/preview/", campaigns.campaign_preview, name="campaign_preview"
    ),
    path("messages/health/", message_health.message_health, name="message_health"),
    path("messages/<str:message_id>/", messages.message, name="message"),
    path("messages/<str:message_id>/preview/", messages.preview, name="message_preview"),
    path("messages/<str:message_id>/retry/", messages.retry, name="retry_message"),
    path("returns/", returns.returns, name="returns"),
    path("returns/approve/", returns.approve_many, name="approve_returns"),
    path("returns/<str:return_id>/", returns.ret, name="return"),
    path("returns/<str:return_id>/act/", returns.act, name="act_on_return"),
    path("returns/<str:return_id>/photos/<str:picture_id>/", returns.photo, name="return_photo"),
    path("withdrawals/", withdrawals.withdrawals, name="withdrawals"),
    path("withdrawals/<str:withdrawal_id>/", withdrawals.withdrawal, name="withdrawal"),
    path("withdrawals/<str:withdrawal_id>/proof.json", withdrawals.proof, name="withdrawal_proof"),
    path("withdrawals/<str:withdrawal_id>/act/", withdrawals.act, name="act_on_withdrawal"),
    path("refunds/", refunds.refunds, name="refunds"),
    path("refunds/<str:refund_id>/", refunds.refund, name="refund"),
    path("refunds/<str:refund_id>/act/", refunds.act, name="act_on_refund"),
    path("claims/", claims.claims, name="claims"),
    path("claims/pool/", claims.pool, name="claims_pool"),
    path("claims/<str:claim_id>/", claims.claim, name="claim"),
    path("claims/<str:claim_id>/decide/", claims.decide, name="decide_claim"),
    path("claims/<str:claim_id>/photos/<str:evidence_id>/", claims.photo, name="claim_photo"),
    path("cases/", cases.cases, name="cases"),
    path("cases/<str:case_id>/", cases.case, name="case"),
    path("cases/<str:case_id>/answer/", cases.answer, name="answer_case"),
    path("cases/<str:case_id>/close/", cases.close, name="close_case"),
    path("cases/<str:case_id>/reopen/", cases.reopen, name="reopen_case"),
    path("cases/<str:case_id>/assign/", cases.assign, name="assign_case"),
    path("cases/<str:case_id>/photos/<str:photo_id>/", cases.photo, name="case_photo"),
    path("parked/", parked.parked, name="parked"),
    path("parked/facts/retry/", parked.retry_facts, name="retry_facts"),
    path("parked/facts/<str:parked_id>/retry/", parked.retry_fact, name="retry_fact"),
    path("parked/inbox/retry/", parked.retry_items, name="retry_items"),
    path("parked/inbox/<str:item_id>/retry/", parked.retry_item, name="retry_item"),
    path("settings/", include(_settings)),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("language/", set_language, name="set_language"),
    *before_signing_in,
    *own,
    path("first/<str:token>/", first.first_run, name="first_run"),
    path("<slug:slug>/", include(_merchant)),
]
