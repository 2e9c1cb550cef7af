"""REST addresses of covers and claims, under /api/v1/."""

from django.urls import URLPattern, path

from returns.claims import api, rules_api

claim_routes: list[URLPattern] = [
    path("orders/<str:order_id>/cover", api.CoverOrder.as_view()),
    path("protection", rules_api.ProtectionRules.as_view()),
    path("protection/pool", rules_api.ProtectionPool.as_view()),
    path("claims", api.Claims.as_view()),
    path("claims/<str:claim_id>", api.OneClaim.as_view()),
    path("claims/<str:claim_id>/approve", api.ApproveClaim.as_view()),
    path("claims/<str:claim_id>/decline", api.DeclineClaim.as_view()),
    path("claims/<str:claim_id>/ask", api.AskAboutClaim.as_view()),
    path("claims/<str:claim_id>/reply", api.ReplyToClaim.as_view()),
]
