"""Where everything is."""

from django.urls import include, path

from config import health
from events.api import Events
from merchants.rest import developers
from merchants.rest.views import unknown_address
from notifications.api import Messages, OneMessage
from orders import hooks
from orders.api import CancelOrder, Customers, OneCustomer, OneOrder, Orders
from orders.products_api import OneProduct, Products
from tracking.api import CancelShipment, OneShipment, RefreshShipment, Scans, Shipments

api = [
    path("orders", Orders.as_view()),
    path("orders/<str:order_id>", OneOrder.as_view()),
    path("orders/<str:order_id>/cancel", CancelOrder.as_view()),
    path("customers", Customers.as_view()),
    path("customers/<str:customer_id>", OneCustomer.as_view()),
    path("products", Products.as_view()),
    path("products/<str:product_id>", OneProduct.as_view()),
    path("shipments", Shipments.as_view()),
    path("shipments/<str:shipment_id>", OneShipment.as_view()),
    path("shipments/<str:shipment_id>/cancel", CancelShipment.as_view()),
    path("shipments/<str:shipment_id>/refresh", RefreshShipment.as_view()),
    path("scans", Scans.as_view()),
    path("messages", Messages.as_view()),
    path("messages/<str:message_id>", OneMessage.as_view()),
    path("events", Events.as_view()),
]

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("api/v1/", include(api)),
    path("api/v1/schema", developers.schema),
    path("api/", unknown_address),
    path("api/<path:rest>", unknown_address),
    path("developers/", developers.guide),
    path("developers/api/", developers.reference),
    path("developers/errors", developers.errors),
    path("hooks/shopify/<slug:slug>", hooks.shopify),
    path("hooks/woocommerce/<slug:slug>", hooks.woocommerce),
    path("hooks/generic/<slug:slug>/<str:connection_id>", hooks.generic),
    path("app/", include("dashboard.urls")),
    path("p/<slug:slug>/", include("portal.urls")),
]
