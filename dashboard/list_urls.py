"""Addresses of the overview, the lists and what stands in them, under /app/<slug>/."""

from django.urls import URLPattern, path

from dashboard.pages import (
    bulk,
    customers,
    order,
    orders,
    overview,
    saved_tabs,
    scorecards,
    search,
    shipment,
    shipments,
    watch,
    watch_item,
)

lists: list[URLPattern] = [
    path("", overview.overview, name="overview"),
    path("deliveries.csv", overview.deliveries_csv, name="deliveries_csv"),
    path("orders/", orders.orders, name="orders"),
    path("orders/many/", bulk.start, name="bulk"),
    path("orders/many/export/", bulk.export_chosen, name="export_chosen"),
    path("orders/many/<str:job_id>/", bulk.job, name="bulk_job"),
    path("orders/<str:order_id>/", order.order, name="order"),
    path("orders/<str:order_id>/cancel/", order.cancel, name="cancel_order"),
    path("orders/<str:order_id>/renew-link/", order.renew_link, name="renew_link"),
    path("orders/<str:order_id>/tags/", order.tags, name="tag_order"),
    path("orders/<str:order_id>/notes/", order.note, name="note_order"),
    path("shipments/", shipments.shipments, name="shipments"),
    path("shipments/<str:shipment_id>/", shipment.shipment, name="shipment"),
    path("shipments/<str:shipment_id>/carrier/", shipment.choose_carrier, name="choose_carrier"),
    path("shipments/<str:shipment_id>/detect/", shipment.detect_carrier, name="detect_carrier"),
    path("shipments/<str:shipment_id>/refresh/", shipment.refresh, name="refresh_shipment"),
    path("reports/carriers/", scorecards.carriers, name="scorecards"),
    path("reports/carriers.csv", scorecards.carriers_csv, name="scorecards_csv"),
    path("watch/", watch.watch_list, name="watch"),
    path("watch/many/", watch_item.change, name="change_watch"),
    path("watch/<str:watch_id>/", watch_item.watch_item, name="watch_item"),
    path("watch/<str:watch_id>/note/", watch_item.note, name="note_watch"),
    path("customers/", customers.customers, name="customers"),
    path("customers/<str:customer_id>/", customers.customer, name="customer"),
    path("search/", search.search, name="search"),
    path("tabs/", saved_tabs.save, name="save_tab"),
    path("tabs/<str:tab_id>/", saved_tabs.edit, name="saved_tab"),
]
