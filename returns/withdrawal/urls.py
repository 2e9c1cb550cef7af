"""REST addresses of withdrawals, under /api/v1/."""

from django.urls import URLPattern, path

from returns.withdrawal import api, exemptions_api, rules_api

withdrawal_routes: list[URLPattern] = [
    path("orders/<str:order_id>/exemptions", exemptions_api.Exemptions.as_view()),
    path("returns/<str:return_id>/method", api.MethodOfReturn.as_view()),
    path("withdrawal-rules", rules_api.WithdrawalRules.as_view()),
    path("withdrawals", api.Withdrawals.as_view()),
    path("withdrawals/<str:withdrawal_id>", api.OneWithdrawal.as_view()),
    path("withdrawals/<str:withdrawal_id>/match", api.MatchWithdrawal.as_view()),
    path("withdrawals/<str:withdrawal_id>/goods", api.GoodsOfWithdrawal.as_view()),
    path("withdrawals/<str:withdrawal_id>/return", api.ReturnOfWithdrawal.as_view()),
    path("withdrawals/<str:withdrawal_id>/refund", api.RefundWithdrawal.as_view()),
    path("withdrawals/<str:withdrawal_id>/set-aside", api.SetAsideWithdrawal.as_view()),
    path("withdrawals/<str:withdrawal_id>/complete", api.CompleteWithdrawal.as_view()),
]
