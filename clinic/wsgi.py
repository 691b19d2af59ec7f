import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings.local")

application = get_wsgi_application()

# What was loaded stays: leave it out of every collection, and collect once in some requests rather
# than many times in each, which takes a tenth of a page's time.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
