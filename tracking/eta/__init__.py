"""When a parcel will be there: what is learned from deliveries, and how it is told (docs/delivery-dates.md).

`fitting` and `backtest` need scikit-learn; nothing else here does, so that web and worker processes stay small.
"""
