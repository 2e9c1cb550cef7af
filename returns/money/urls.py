"""Addresses of refunds, payments and store credit, under the API's root."""

from django.urls import path

from returns.money.api import (
    ConfirmRefund,
    FailRefund,
    OneRefund,
    OrderMoneyView,
    OrderPayments,
    Refunds,
)
from returns.money.credit_api import CustomerCredit, SpendCredit

money_routes = [
    path("refunds", Refunds.as_view()),
    path("refunds/<str:refund_id>", OneRefund.as_view()),
    path("refunds/<str:refund_id>/confirm", ConfirmRefund.as_view()),
    path("refunds/<str:refund_id>/fail", FailRefund.as_view()),
    path("orders/<str:order_id>/money", OrderMoneyView.as_view()),
    path("orders/<str:order_id>/payments", OrderPayments.as_view()),
    path("customers/<str:customer_id>/credit", CustomerCredit.as_view()),
    path("customers/<str:customer_id>/credit/spend", SpendCredit.as_view()),
]
