import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings.local")

application = get_wsgi_application()

# Started with --preload, the processes share what is loaded before they part: views and forms too.
# It is left out of every collection, which would write on it; and the rest is collected once in
# some requests rather than many times in each, which took a tenth of a page's time.
_ = get_resolver().url_patterns
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
