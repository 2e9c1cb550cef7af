"""Where everything is."""

from django.urls import include, path

from analytics.lift.api import Lifts
from analytics.returns.api import ReturnsInFigures
from analytics.scorecards.api import CarrierScores
from cases.api import Cases, OneCase
from config import health, metrics
from events.api import Events
from events.exports import ExportEvents
from imports.api import Imports, OneImport, RefusedLines, StartImport, StopImport, UndoImport
from merchants.rest import developers
from merchants.rest.views import unknown_address
from notifications import mail_hooks, twilio_hooks
from notifications.api import Messages, OneMessage
from notifications.campaigns.api import (
    Campaigns,
    CancelCampaign,
    OneCampaign,
    PauseCampaign,
    ResumeCampaign,
    ScheduleCampaign,
)
from notifications.consent.api import Consents, ConsentStanding, EraseConsents, OneConsent
from notifications.exports import ExportMessages
from notifications.flows.api import FlowRuns, Flows, OneFlow, OneFlowRun
from notifications.suppressions_api import OneSuppression, Suppressions
from orders import hooks
from orders.api import CancelOrder, Customers, OneCustomer, OneOrder, Orders
from orders.exports import ExportCustomers, ExportOrders, ExportProducts
from orders.products_api import OneProduct, Products
from orders.segments.api import CountSegment, ExportSegment, OneSegment, SegmentCustomers, Segments
from portal import tls
from returns.actions_api import ACTIONS
from returns.api import OneReturn, OrderParts, OrderReturnable, Returns
from returns.branches_api import Branches, OneBranch, RenewBranch
from returns.claims.urls import claim_routes
from returns.exports import ExportClaims, ExportReturns, ExportWithdrawals
from returns.files_api import PackingSlip, ReturnLabelFile
from returns.logistics.api import LabelAccounts, OneLabelAccount
from returns.money.urls import money_routes
from returns.photos_api import OneReturnPhoto, ReturnPhotos
from returns.policy.api import ReturnPolicy
from returns.reasons_api import Reasons
from returns.stock_api import StockHooks
from returns.withdrawal.urls import withdrawal_routes
from tracking.api import CancelShipment, DetectCarrier, OneShipment, RefreshShipment, Scans, Shipments
from tracking.eta.api import OrderEta
from tracking.exports import ExportShipments
from tracking.pushes import hooks as carrier_hooks
from tracking.sandbox_api import Advance
from tracking.watch.api import AssignWatchItem, DismissWatchItem, OneWatchItem, SnoozeWatchItem, WatchItems
from webhooks.api import (
    OneWebhookDelivery,
    OneWebhookEndpoint,
    PauseEndpoint,
    ResendDelivery,
    ResendStretch,
    ResumeEndpoint,
    RotateSecret,
    SendTest,
    WebhookDeliveries,
    WebhookEndpoints,
)

api = [
    path("orders", Orders.as_view()),
    path("orders/<str:order_id>", OneOrder.as_view()),
    path("orders/<str:order_id>/cancel", CancelOrder.as_view()),
    path("orders/<str:order_id>/eta", OrderEta.as_view()),
    path("customers", Customers.as_view()),
    path("customers/<str:customer_id>", OneCustomer.as_view()),
    path("flows", Flows.as_view()),
    path("flows/<str:flow_id>", OneFlow.as_view()),
    path("flows/<str:flow_id>/runs", FlowRuns.as_view()),
    path("flows/<str:flow_id>/runs/<str:run_id>", OneFlowRun.as_view()),
    path("segments", Segments.as_view()),
    path("segments/count", CountSegment.as_view()),
    path("segments/<str:segment_id>", OneSegment.as_view()),
    path("segments/<str:segment_id>/customers", SegmentCustomers.as_view()),
    path("products", Products.as_view()),
    path("products/<str:product_id>", OneProduct.as_view()),
    path("shipments", Shipments.as_view()),
    path("shipments/<str:shipment_id>", OneShipment.as_view()),
    path("shipments/<str:shipment_id>/cancel", CancelShipment.as_view()),
    path("shipments/<str:shipment_id>/detect", DetectCarrier.as_view()),
    path("shipments/<str:shipment_id>/refresh", RefreshShipment.as_view()),
    path("analytics/carriers", CarrierScores.as_view()),
    path("analytics/returns", ReturnsInFigures.as_view()),
    path("analytics/lift", Lifts.as_view()),
    path("watch-items", WatchItems.as_view()),
    path("watch-items/<str:watch_id>", OneWatchItem.as_view()),
    path("watch-items/<str:watch_id>/snooze", SnoozeWatchItem.as_view()),
    path("watch-items/<str:watch_id>/assign", AssignWatchItem.as_view()),
    path("watch-items/<str:watch_id>/dismiss", DismissWatchItem.as_view()),
    path("sandbox/advance", Advance.as_view()),
    path("scans", Scans.as_view()),
    path("messages", Messages.as_view()),
    path("messages/<str:message_id>", OneMessage.as_view()),
    path("campaigns", Campaigns.as_view()),
    path("campaigns/<str:campaign_id>", OneCampaign.as_view()),
    path("campaigns/<str:campaign_id>/schedule", ScheduleCampaign.as_view()),
    path("campaigns/<str:campaign_id>/pause", PauseCampaign.as_view()),
    path("campaigns/<str:campaign_id>/resume", ResumeCampaign.as_view()),
    path("campaigns/<str:campaign_id>/cancel", CancelCampaign.as_view()),
    path("suppressions", Suppressions.as_view()),
    path("suppressions/<str:suppression_id>", OneSuppression.as_view()),
    path("consents", Consents.as_view()),
    path("consents/standing", ConsentStanding.as_view()),
    path("consents/erase", EraseConsents.as_view()),
    path("consents/<str:consent_id>", OneConsent.as_view()),
    *money_routes,
    path("return-policy", ReturnPolicy.as_view()),
    path("return-reasons", Reasons.as_view()),
    path("stock-hook", StockHooks.as_view()),
    path("branches", Branches.as_view()),
    path("branches/<str:branch_id>", OneBranch.as_view()),
    path("branches/<str:branch_id>/renew", RenewBranch.as_view()),
    path("label-accounts", LabelAccounts.as_view()),
    path("label-accounts/<str:maker>", OneLabelAccount.as_view()),
    path("cases", Cases.as_view()),
    path("cases/<str:case_id>", OneCase.as_view()),
    *withdrawal_routes,
    *claim_routes,
    path("returns", Returns.as_view()),
    path("returns/<str:return_id>", OneReturn.as_view()),
    path("returns/<str:return_id>/label", ReturnLabelFile.as_view()),
    path("returns/<str:return_id>/photos", ReturnPhotos.as_view()),
    path("returns/<str:return_id>/photos/<str:picture_id>", OneReturnPhoto.as_view()),
    path("returns/<str:return_id>/packing-slip", PackingSlip.as_view()),
    *(path(f"returns/<str:return_id>/{name}", view) for name, view in ACTIONS.items()),
    path("orders/<str:order_id>/returnable", OrderReturnable.as_view()),
    path("orders/<str:order_id>/parts", OrderParts.as_view()),
    path("events", Events.as_view()),
    path("imports", Imports.as_view()),
    path("imports/<str:import_id>", OneImport.as_view()),
    path("imports/<str:import_id>/start", StartImport.as_view()),
    path("imports/<str:import_id>/stop", StopImport.as_view()),
    path("imports/<str:import_id>/undo", UndoImport.as_view()),
    path("imports/<str:import_id>/refused-lines", RefusedLines.as_view()),
    path("exports/orders", ExportOrders.as_view()),
    path("exports/customers", ExportCustomers.as_view()),
    path("exports/segment", ExportSegment.as_view()),
    path("exports/products", ExportProducts.as_view()),
    path("exports/shipments", ExportShipments.as_view()),
    path("exports/returns", ExportReturns.as_view()),
    path("exports/claims", ExportClaims.as_view()),
    path("exports/withdrawals", ExportWithdrawals.as_view()),
    path("exports/messages", ExportMessages.as_view()),
    path("exports/events", ExportEvents.as_view()),
    path("webhook-endpoints", WebhookEndpoints.as_view()),
    path("webhook-endpoints/<str:endpoint_id>", OneWebhookEndpoint.as_view()),
    path("webhook-endpoints/<str:endpoint_id>/rotate-secret", RotateSecret.as_view()),
    path("webhook-endpoints/<str:endpoint_id>/test", SendTest.as_view()),
    path("webhook-endpoints/<str:endpoint_id>/pause", PauseEndpoint.as_view()),
    path("webhook-endpoints/<str:endpoint_id>/resume", ResumeEndpoint.as_view()),
    path("webhook-deliveries", WebhookDeliveries.as_view()),
    path("webhook-deliveries/resend", ResendStretch.as_view()),
    path("webhook-deliveries/<str:delivery_id>", OneWebhookDelivery.as_view()),
    path("webhook-deliveries/<str:delivery_id>/resend", ResendDelivery.as_view()),
]

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics.metrics),
    path("tls-allowed", tls.tls_allowed),
    path("api/v1/", include(api)),
    path("api/v1/schema", developers.schema),
    path("api/", unknown_address),
    path("api/<path:rest>", unknown_address),
    path("developers/", developers.guides),
    path("developers/api/", developers.reference),
    path("developers/errors", developers.errors),
    path("developers/<slug:slug>", developers.guide),
    path("hooks/shopify/<slug:slug>", hooks.shopify),
    path("hooks/woocommerce/<slug:slug>", hooks.woocommerce),
    path("hooks/generic/<slug:slug>/<str:connection_id>", hooks.generic),
    path("hooks/carriers/<slug:carrier>/<slug:slug>", carrier_hooks.carrier),
    path("hooks/mail/<slug:provider>", mail_hooks.mail),
    path("hooks/twilio/status", twilio_hooks.status),
    path("hooks/twilio/incoming", twilio_hooks.incoming),
    path("app/", include("dashboard.urls")),
    path("p/<slug:slug>/", include("portal.urls")),
]
