"""Every route by everybody who may come: one table, and a route without a row fails (A02, G19)."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import create_app
from portal import clock as house_clock
from portal import db
from portal.settings import Settings
from portal.web.api import entry
from tests import makers, people
from tests.web.callers import Caller, World, at_the_desk, by_link, by_token, new_world

# Vera has the link to the papers, Otto one into another process; Finn is a member, Dana the owner,
# Aud the auditor, Ada the admin, and the last a program with a token of Dana's. ``in`` sends to
# the sign-in page. A status below 400 is a yes; a page has to exist for whoever may send its form.
PAGES = """
                                                       none vera otto finn dana aud  ada  tool
GET  /                                                 in   in   in   200  200  200  200  in
GET  /.well-known/portal-ledger                        200  200  200  200  200  200  200  200
GET  /.well-known/portal-ledger/keys                   200  200  200  200  200  200  200  200
GET  /.well-known/portal-ledger/checkpoint             404  404  404  404  404  404  404  404
GET  /.well-known/portal-ledger/checkpoint/<size>      404  404  404  404  404  404  404  404
GET  /.well-known/portal-ledger/consistency/<old>/<new> 404  404  404  404  404  404  404  404
GET  /assets/<release>/<name>                          404  404  404  404  404  404  404  404
GET  /brand/<release>                                  404  404  404  404  404  404  404  404
GET  /brand/<release>.css                              404  404  404  404  404  404  404  404
GET  /healthz                                          200  200  200  200  200  200  200  200
GET  /readyz                                           503  503  503  503  503  503  503  503
GET  /metrics                                          200  200  200  200  200  200  200  200
GET  /login                                            200  200  200  303  303  303  303  200
POST /login                                            401  401  401  401  401  401  401  401
POST /logout                                           403  403  403  in   in   in   in   403
GET  /timeline                                         in   in   in   200  200  200  200  in
GET  /insights                                         in   in   in   200  200  200  200  in
GET  /insights/<what>.csv                              in   in   in   200  200  200  200  in
GET  /timeline/<process_id>                            in   in   in   200  200  200  200  in
GET  /timeline/feed                                    in   in   in   200  200  200  200  in
GET  /exceptions                                       in   in   in   200  200  200  200  in
GET  /automations                                      in   in   in   200  200  200  200  in
GET  /automations.csv                                  in   in   in   200  200  200  200  in
GET  /definitions                                      in   in   in   200  200  200  200  in
GET  /definitions/<key>                                in   in   in   200  200  200  200  in
GET  /definitions/<key>/bpmn                           in   in   in   200  200  200  200  in
GET  /definitions/<key>/move                           in   in   in   200  200  200  200  in
POST /definitions/<key>/move                           403  403  403  200  200  403  200  403
POST /definitions/<key>/sight                          403  403  403  403  303  403  303  403
POST /definitions/<key>/sight/grants                   403  403  403  403  303  403  303  403
POST /definitions/<key>/sight/grants/<grant_id>/withdraw 403 403 403 403 303 403 303 403
GET  /definitions/<key>/sheet                          in   in   in   200  200  200  200  in
POST /definitions/<key>/confirm                        403  403  403  403  303  403  303  403
POST /definitions/<key>/outdated                       403  403  403  403  303  403  303  403
GET  /definitions/<key>/differences                    in   in   in   200  200  200  200  in
POST /definitions/look                                 403  403  403  200  200  403  200  403
POST /definitions/complete                             403  403  403  200  200  403  200  403
GET  /definitions/publish                              in   in   in   200  200  200  200  in
POST /definitions/publish                              403  403  403  303  303  403  303  403
GET  /me                                               in   in   in   200  200  200  200  in
GET  /me/prove                                         in   in   in   200  200  200  200  in
POST /me/prove                                         403  403  403  422  422  422  422  403
POST /me/password                                      403  403  403  422  422  422  422  403
POST /me/absence                                       403  403  403  303  303  403  303  403
POST /me/absence/end                                   403  403  403  303  303  403  303  403
POST /people/<user_id>/absence                         403  403  403  403  403  403  303  403
POST /people/<user_id>/absence/end                     403  403  403  403  403  403  303  403
POST /me/sessions/end                                  403  403  403  303  303  303  303  403
POST /me/sessions/<session_id>/end                     403  403  403  404  404  404  303  403
GET  /login/code                                       in   in   in   in   in   in   in   in
POST /login/code                                       403  403  403  in   in   in   in   403
POST /login/outside                                    403  403  403  404  404  404  404  403
GET  /login/outside/back                               404  404  404  404  404  404  404  404
POST /people/<user_id>/outside/remove                  403  403  403  403  403  403  404  403
POST /login/passkey/ask                                403  403  403  409  409  409  409  403
POST /login/passkey                                    403  403  403  401  401  401  401  403
POST /me/prove/passkey                                 403  403  403  422  422  422  422  403
POST /me/passkeys                                      403  403  403  422  422  422  422  403
POST /me/passkeys/begin                                403  403  403  409  409  409  409  403
POST /me/passkeys/<passkey_id>/name                    403  403  403  404  404  404  404  403
POST /me/passkeys/<passkey_id>/remove                  403  403  403  404  404  404  404  403
GET  /me/second-factor                                 in   in   in   200  200  200  200  in
POST /me/second-factor                                 403  403  403  409  409  409  409  403
POST /me/second-factor/begin                           403  403  403  303  303  303  303  403
POST /me/second-factor/codes                           403  403  403  409  409  409  409  403
POST /me/second-factor/remove                          403  403  403  303  303  303  303  403
POST /people/second-factor                             403  403  403  403  403  403  303  403
POST /people/<user_id>/second-factor/remove            403  403  403  403  403  403  404  403
GET  /book                                             in   in   in   403  403  200  200  in
GET  /privacy                                          in   in   in   403  403  200  200  in
GET  /privacy/due                                      in   in   in   403  403  200  200  in
POST /privacy/person                                   403  403  403  403  403  403  200  403
POST /privacy/export                                   403  403  403  403  403  403  200  403
POST /privacy/erase                                    403  403  403  403  403  403  303  403
POST /privacy/holds                                    403  403  403  403  403  403  303  403
POST /privacy/holds/<hold_id>/lift                     403  403  403  404  404  403  404  403
GET  /processes/<process_id>/erase                     in   in   in   403  200  200  200  in
POST /processes/<process_id>/erase                     403  403  403  403  403  403  409  403
POST /processes/<process_id>/hold                      403  403  403  403  303  403  303  403
GET  /people                                           in   in   in   403  403  200  200  in
GET  /people/<user_id>                                 in   in   in   403  403  200  200  in
POST /people/<user_id>/close                           403  403  403  403  403  403  303  403
POST /people/<user_id>/hand-over                       403  403  403  403  403  403  303  403
POST /people/<user_id>/sign-out                        403  403  403  403  403  403  303  403
GET  /settings                                         in   in   in   403  403  200  200  in
GET  /settings/<page>                                  in   in   in   403  403  200  200  in
GET  /settings/brand/preview                           in   in   in   403  403  200  200  in
GET  /settings/brand/preview.css                       in   in   in   403  403  200  200  in
POST /settings/sender                                  403  403  403  403  403  403  303  403
POST /settings/sender/try                              403  403  403  403  403  403  200  403
POST /settings/brand                                   403  403  403  403  403  403  303  403
POST /settings/calendar                                403  403  403  403  403  403  303  403
POST /settings/keeping                                 403  403  403  403  403  403  303  403
POST /settings/<page>/back                             403  403  403  403  403  403  303  403
POST /people/users                                     403  403  403  403  403  403  303  403
POST /people/tokens                                    403  403  403  403  403  403  200  403
POST /people/tokens/<token_id>/revoke                  403  403  403  403  403  403  303  403
GET  /processes                                        in   in   in   200  200  200  200  in
GET  /search                                           in   in   in   200  200  200  200  in
GET  /search.json                                      in   in   in   200  200  200  200  in
POST /views                                            403  403  403  303  303  303  303  403
POST /views/<view_id>                                  403  403  403  404  303  404  404  403
POST /views/<view_id>/drop                             403  403  403  404  303  404  404  403
GET  /requests/new                                     in   in   in   200  200  200  200  in
POST /requests/new                                     403  403  403  303  303  403  303  403
GET  /processes/new                                    in   in   in   200  200  200  200  in
GET  /processes/new/<key>                              in   in   in   200  200  200  200  in
GET  /processes/new/<key>/many                         in   in   in   200  200  200  200  in
POST /processes/new/<key>/many                         403  403  403  422  422  403  422  403
GET  /processes/new/<key>/many.csv                     in   in   in   200  200  200  200  in
GET  /batches                                          in   in   in   200  200  200  200  in
POST /batches                                          403  403  403  422  422  403  422  403
GET  /batches/<batch_id>                               in   in   in   404  200  200  200  in
GET  /batches/<batch_id>/progress                      in   in   in   404  200  200  200  in
GET  /batches/<batch_id>/result.csv                    in   in   in   404  200  200  200  in
POST /batches/<batch_id>/begin                         403  403  403  404  303  403  409  403
POST /batches/<batch_id>/stop                          403  403  403  404  303  403  409  403
GET  /rooms                                            in   in   in   403  403  200  200  in
POST /rooms                                            403  403  403  403  403  403  422  403
GET  /rooms/<room_id>                                  in   in   in   403  403  200  200  in
POST /rooms/<room_id>/extend                           403  403  403  403  403  403  422  403
POST /rooms/<room_id>/revoke                           403  403  403  403  403  403  303  403
GET  /rooms/<room_id>/questions                        in   in   in   403  403  200  200  in
POST /rooms/<room_id>/questions/<asked_id>             403  403  403  403  403  403  403  403
POST /rooms/<room_id>/answerers                        403  403  403  403  403  403  303  403
GET  /packs                                            in   in   in   200  200  200  200  in
POST /packs                                            403  403  403  303  303  303  303  403
GET  /packs/<pack_id>                                  in   in   in   404  200  200  200  in
GET  /packs/<pack_id>/progress                         in   in   in   404  200  200  200  in
GET  /packs/<pack_id>/pack.zip                         in   in   in   404  409  409  409  in
POST /packs/<pack_id>/begin                            403  403  403  404  303  409  409  403
POST /packs/<pack_id>/stop                             403  403  403  404  303  409  409  403
POST /processes/new/<key>                              403  403  403  303  303  403  303  403
GET  /processes/<process_id>                           in   in   in   200  200  200  200  in
POST /processes/<process_id>/cancel                    403  403  403  403  303  403  303  403
POST /processes/<process_id>/move                      403  403  403  403  422  403  422  403
POST /processes/<process_id>/skip                      403  403  403  403  303  403  303  403
POST /processes/<process_id>/reopen                    403  403  403  403  303  403  303  403
POST /processes/<process_id>/steps                     403  403  403  403  422  403  422  403
POST /processes/<process_id>/comments                  403  403  403  303  303  403  303  403
POST /processes/<process_id>/exceptions/<trouble_id>   403  403  403  403  303  403  303  403
GET  /processes/<process_id>/files/<file_id>           in   in   in   200  200  200  200  in
GET  /processes/<process_id>/files/<file_id>/view      in   in   in   200  200  200  200  in
GET  /processes/<process_id>/files/<file_id>/pages/<n> in   in   in   409  409  409  409  in
GET  /processes/<process_id>/ledger.jsonl              in   in   in   200  200  200  200  in
POST /processes/<process_id>/participants/<role>       403  403  403  403  303  403  303  403
POST /processes/<process_id>/tasks/<task_id>/reassign  403  403  403  403  303  403  303  403
POST /processes/<process_id>/tasks/<task_id>/remind    403  403  403  403  303  403  303  403
POST /processes/<process_id>/tasks/<task_id>/link      403  403  403  403  200  403  200  403
POST /processes/<process_id>/signals/<name>            403  403  403  303  303  403  303  403
POST /processes/<process_id>/tasks/<task_id>/revoke    403  403  403  403  303  403  303  403
POST /processes/<process_id>/sight/grants              403  403  403  403  303  403  303  403
POST /processes/<process_id>/sight/grants/<grant_id>/withdraw 403 403 403 403 303 403 303 403
POST /processes/<process_id>/trail                     403  403  403  303  303  303  303  403
GET  /processes/<process_id>/trail.pdf                 in   in   in   404  404  404  404  in
GET  /tasks                                            in   in   in   200  200  200  200  in
GET  /tasks/<look>                                     in   in   in   200  200  200  200  in
POST /tasks/<look>                                     403  403  403  403  303  403  303  403
POST /tasks/<team>/claim                               403  403  403  303  403  403  403  403
POST /tasks/<look>/take-up                             403  403  403  403  303  403  403  403
POST /tasks/<look>/delegate                            403  403  403  403  303  403  403  403
POST /tasks/<look>/block                               403  403  403  403  303  403  403  403
POST /tasks/<look>/decline                             403  403  403  403  303  403  403  403
POST /tasks/<look>/go-on                               403  403  403  403  303  403  403  403
POST /tasks/<look>/promise                             403  403  403  403  303  403  403  403
POST /tasks/<wish>/delegation                          403  403  403  403  303  403  303  403
GET  /tasks/<papers>/files/<file_id>                   in   in   in   200  200  200  200  in
GET  /tasks/<papers>/files/<file_id>/view              in   in   in   200  200  200  200  in
GET  /tasks/<papers>/files/<file_id>/pages/<n>         in   in   in   409  409  409  409  in
POST /questions/<question_id>/answer                   403  403  403  403  303  403  303  403
POST /questions/<question_id>/close                    403  403  403  403  303  403  303  403
POST /doubts/<doubt_id>/settle                         403  403  403  403  422  403  422  403
POST /tasks/<papers>/doubts                            403  403  403  303  303  403  303  403
POST /tasks/<papers>/questions                         403  403  403  403  303  403  303  403
GET  /t/<token>                                        200  200  200  200  200  200  200  200
POST /t/<token>                                        303  303  303  303  303  303  303  303
POST /t/<token>/renew                                  403  403  403  403  403  403  403  403
GET  /w                                                403  200  200  403  403  403  403  403
POST /w/code                                           403  403  403  403  403  403  403  403
POST /w/copy                                           403  403  403  403  403  403  403  403
POST /w/language                                       403  403  403  403  403  403  403  403
POST /w/digest                                         403  403  403  403  403  403  403  403
POST /w/timezone                                       403  403  403  403  403  403  403  403
POST /w/<papers>/snooze                                403  403  404  403  403  403  403  403
POST /w/<papers>/open                                  403  403  403  403  403  403  403  403
GET  /a/<room>                                         200  200  200  200  200  200  200  200
POST /a/<room>                                         303  303  303  303  303  303  303  303
GET  /room                                             403  403  403  403  403  403  403  403
POST /room/code                                        403  403  403  403  403  403  403  403
GET  /room/population.txt                              403  403  403  403  403  403  403  403
POST /room/samples                                     403  403  403  403  403  403  403  403
GET  /room/samples/<sample_id>                         403  403  403  403  403  403  403  403
GET  /room/samples/<sample_id>/sample.txt              403  403  403  403  403  403  403  403
POST /room/reading                                     403  403  403  403  403  403  403  403
POST /room/packs                                       403  403  403  403  403  403  403  403
GET  /room/packs/<pack_id>                             403  403  403  403  403  403  403  403
GET  /room/packs/<pack_id>/progress                    403  403  403  403  403  403  403  403
POST /room/packs/<pack_id>/stop                        403  403  403  403  403  403  403  403
GET  /room/packs/<pack_id>/pack.zip                    403  403  403  403  403  403  403  403
GET  /room/questions                                   403  403  403  403  403  403  403  403
POST /room/questions                                   403  403  403  403  403  403  403  403
POST /room/questions/<question_id>                     403  403  403  403  403  403  403  403
GET  /room/<process_id>                                403  403  403  403  403  403  403  403
POST /room/<process_id>/trail                          403  403  403  403  403  403  403  403
GET  /room/<process_id>/trail.pdf                      403  403  403  403  403  403  403  403
GET  /room/<process_id>/ledger.jsonl                   403  403  403  403  403  403  403  403
GET  /room/<process_id>/files/<file_id>                403  403  403  403  403  403  403  403
GET  /room/<process_id>/files/<file_id>/view           403  403  403  403  403  403  403  403
GET  /room/<process_id>/files/<file_id>/pages/<n>      403  403  403  403  403  403  403  403
GET  /fresh                                            200  200  200  200  200  200  200  200
POST /fresh                                            200  200  200  200  200  200  200  200
GET  /w/<papers>                                       403  200  404  403  403  403  403  403
POST /w/<papers>                                       403  303  404  403  403  403  403  403
POST /w/<papers>/draft                                 403  409  404  403  403  403  403  403
POST /w/<papers>/again                                 403  403  403  403  403  403  403  403
GET  /w/<papers>/blocked                               403  200  404  403  403  403  403  403
POST /w/<papers>/blocked                               403  303  404  403  403  403  403  403
GET  /w/<papers>/decline                               403  200  404  403  403  403  403  403
POST /w/<papers>/decline                               403  303  404  403  403  403  403  403
GET  /w/<papers>/delegate                              403  200  404  403  403  403  403  403
POST /w/<papers>/delegate                              403  303  404  403  403  403  403  403
POST /w/<papers>/renew                                 403  403  403  403  403  403  403  403
GET  /w/<papers>/files/<file_id>                       403  200  404  403  403  403  403  403
GET  /w/<papers>/files/<file_id>/view                  403  200  404  403  403  403  403  403
GET  /w/<papers>/files/<file_id>/pages/<n>             403  409  404  403  403  403  403  403
GET  /w/<papers>/promise                               403  200  404  403  403  403  403  403
POST /w/<papers>/promise                               403  303  404  403  403  403  403  403
GET  /w/<papers>/doubt                                 403  200  404  403  403  403  403  403
POST /w/<papers>/doubt                                 403  303  404  403  403  403  403  403
GET  /w/<papers>/question                              403  200  404  403  403  403  403  403
POST /w/<papers>/question                              403  303  404  403  403  403  403  403
POST /w/<papers>/uploads                               403  400  404  403  403  403  403  403
GET  /w/<papers>/uploads/<upload_id>                   403  200  404  403  403  403  403  403
PATCH /w/<papers>/uploads/<upload_id>                  403  415  404  403  403  403  403  403
POST /w/<papers>/uploads/<upload_id>                   405  405  405  405  405  405  405  405
DELETE /w/<papers>/uploads/<upload_id>                 403  204  404  403  403  403  403  403
GET  /w/<details>/receipt                              403  200  404  403  403  403  403  403
GET  /w/<details>/receipt.txt                          403  200  404  403  403  403  403  403
"""
# Programs: cookies count for nothing here. ``desk`` is Dana's browser, ``sys`` a token of hers
# that acts for no person in particular.
API = """
                                                       none vera desk finn dana aud  ada  sys
GET  /api/v1/definition.schema.json                    200  200  200  200  200  200  200  200
GET  /api/v1/openapi.json                              200  200  200  200  200  200  200  200
GET  /api/v1/definitions                               401  401  401  200  200  200  200  200
POST /api/v1/definitions                               401  401  401  201  201  403  201  403
GET  /api/v1/definitions/<key>                         401  401  401  200  200  200  200  200
GET  /api/v1/definitions/<key>/bpmn                    401  401  401  200  200  200  200  200
GET  /api/v1/definitions/<key>/review                  401  401  401  200  200  200  200  200
POST /api/v1/definitions/<key>/review                  401  401  401  403  200  403  200  403
GET  /api/v1/definitions/<key>/sight                   401  401  401  200  200  200  200  200
POST /api/v1/definitions/<key>/sight                   401  401  401  403  200  403  200  403
POST /api/v1/definitions/<key>/sight/grants            401  401  401  403  200  403  200  403
POST /api/v1/definitions/<key>/sight/grants/<grant_id>/withdraw 401 401 401 403 200 403 200 403
GET  /api/v1/processes/<process_id>/sight              401  401  401  200  200  200  200  200
POST /api/v1/processes/<process_id>/sight/grants       401  401  401  403  200  403  200  403
POST /api/v1/processes/<process_id>/sight/grants/<grant_id>/withdraw 401 401 401 403 200 403 200 403
GET  /api/v1/definitions/<key>/forecast                401  401  401  200  200  200  200  200
GET  /api/v1/events                                    401  401  401  200  200  200  200  200
GET  /api/v1/exceptions                                401  401  401  200  200  200  200  200
POST /api/v1/exceptions/<exception_id>/resolve         401  401  401  403  200  403  200  403
POST /api/v1/packs                                     401  401  401  422  202  202  202  403
GET  /api/v1/packs/<pack_id>                           401  401  401  404  200  200  200  200
GET  /api/v1/packs/<pack_id>/file                      401  401  401  404  409  409  409  403
GET  /api/v1/privacy/retention                         401  401  401  403  403  200  200  403
GET  /api/v1/privacy/due                               401  401  401  403  403  200  200  403
GET  /api/v1/privacy/holds                             401  401  401  403  403  200  200  403
POST /api/v1/privacy/holds                             401  401  401  403  403  403  201  403
POST /api/v1/privacy/holds/<hold_id>/lift              401  401  401  404  404  404  404  404
POST /api/v1/privacy/person                            401  401  401  403  403  403  200  403
POST /api/v1/privacy/person/copy                       401  401  401  403  403  403  200  403
POST /api/v1/privacy/person/erasure                    401  401  401  403  403  403  202  403
GET  /api/v1/privacy/erasures                          401  401  401  403  403  200  200  403
GET  /api/v1/privacy/erasures/<erasure_id>             401  401  401  403  403  404  404  403
GET  /api/v1/processes/<process_id>/holds              401  401  401  403  200  200  200  403
POST /api/v1/processes/<process_id>/holds              401  401  401  403  201  403  201  403
GET  /api/v1/processes/<process_id>/erasure            401  401  401  403  200  200  200  403
POST /api/v1/processes/<process_id>/erasure            401  401  401  403  403  403  409  403
GET  /api/v1/processes                                 401  401  401  200  200  200  200  200
POST /api/v1/definitions/<key>/migrate                 401  401  401  200  200  403  200  200
POST /api/v1/processes                                 401  401  401  201  201  403  201  201
GET  /api/v1/processes/<process_id>                    401  401  401  200  200  200  200  200
GET  /api/v1/processes/<process_id>/forecast           401  401  401  200  200  200  200  200
POST /api/v1/processes/<process_id>/cancel             401  401  401  403  200  403  200  403
POST /api/v1/processes/<process_id>/migrate            401  401  401  403  200  403  200  403
POST /api/v1/processes/<process_id>/skip               401  401  401  403  200  403  200  403
POST /api/v1/processes/<process_id>/reopen             401  401  401  403  200  403  200  403
POST /api/v1/requests                                  401  401  401  201  201  403  201  201
POST /api/v1/processes/<process_id>/steps              401  401  401  403  201  403  201  403
POST /api/v1/processes/<process_id>/comments           401  401  401  201  201  403  201  201
POST /api/v1/processes/<process_id>/participants/<role> 401 401  401  403  200  403  200  403
GET  /api/v1/processes/<process_id>/events             401  401  401  200  200  200  200  200
GET  /api/v1/processes/<process_id>/ledger             401  401  401  200  200  200  200  200
GET  /api/v1/definitions/<key>/doubts                  401  401  401  200  200  200  200  200
POST /api/v1/doubts/<doubt_id>/settle                  401  401  401  403  200  403  200  403
POST /api/v1/tasks/<papers>/doubts                     401  401  401  201  201  403  201  201
GET  /api/v1/processes/<process_id>/questions          401  401  401  200  200  200  200  200
POST /api/v1/processes/<process_id>/questions          401  401  401  403  201  403  201  403
POST /api/v1/processes/<process_id>/signals/<name>     401  401  401  202  202  403  202  202
POST /api/v1/processes/<process_id>/trail              401  401  401  202  202  202  202  202
GET  /api/v1/processes/<process_id>/trail.pdf          401  401  401  404  404  404  404  404
POST /api/v1/questions/<question_id>/answer            401  401  401  403  200  403  200  403
POST /api/v1/questions/<question_id>/close             401  401  401  403  200  403  200  403
GET  /api/v1/tasks                                     401  401  401  200  200  200  200  200
GET  /api/v1/tasks/<task_id>                           401  401  401  200  200  200  200  200
POST /api/v1/tasks/<look>/complete                     401  401  401  403  200  403  403  200
POST /api/v1/tasks/<look>/take-up                      401  401  401  403  200  403  403  403
POST /api/v1/tasks/<look>/delegate                     401  401  401  403  200  403  403  403
POST /api/v1/tasks/<look>/block                        401  401  401  403  200  403  403  403
POST /api/v1/tasks/<look>/decline                      401  401  401  403  200  403  403  403
POST /api/v1/tasks/<look>/go-on                        401  401  401  403  200  403  403  403
POST /api/v1/tasks/<stuck>/unblock                     401  401  401  403  200  403  200  403
POST /api/v1/tasks/<look>/promise                      401  401  401  403  200  403  403  403
POST /api/v1/tasks/<wish>/delegation                   401  401  401  403  200  403  200  403
POST /api/v1/tasks/<task_id>/link                      401  401  401  403  200  403  200  200
POST /api/v1/tasks/<task_id>/reassign                  401  401  401  403  200  403  200  403
POST /api/v1/tasks/<task_id>/remind                    401  401  401  403  200  403  200  403
POST /api/v1/tasks/<task_id>/revoke                    401  401  401  403  200  403  200  403
"""
# What is sent where something has to be.
REASON = {"reason": "Because.", "text": "A remark."}
TYPED: dict[str, dict[str, Any]] = {
    "/definitions/publish": {"text": f"{makers.HEAD}steps:\n{makers.FORM}\n"},
    "/definitions/complete": {"text": "na", "line": "0", "column": "2"},
    "/fresh": {"email": "vera@vendor.example"},
    "/login": {"email": "dana@example.com", "password": "a guess"},
    "/me/absence": {"from": "2999-12-01", "until": "2999-12-04", "deputy": "olga@example.com"},
    "/people/<user_id>/absence": {
        "from": "2999-12-01", "until": "2999-12-04", "deputy": "ada@example.com",
    },
    "/me/passkeys": {"name": "laptop"},
    "/me/passkeys/<passkey_id>/name": {"name": "laptop"},
    "/people/tokens": {"name": "till", "email": "dana@example.com", "scopes": "read"},
    "/people/<user_id>/close": {"to": "finn@example.com", "reason": "She left."},
    "/people/<user_id>/hand-over": {"to": "finn@example.com", "reason": "She left."},
    "/privacy/person": {"email": "nobody@sea.example"},
    "/privacy/export": {"email": "nobody@sea.example"},
    "/privacy/erase": {
        "email": "nobody@sea.example", "confirm": "nobody@sea.example", "basis": "request",
    },
    "/privacy/holds": {"email": "nobody@sea.example", "reason": "Claim 12."},
    "/processes/<process_id>/erase": {"basis": "request", "confirm": "erase"},
    "/processes/<process_id>/hold": {"reason": "Claim 12."},
    "/people/users": {"email": "new@example.com", "name": "New", "role": "member"},
    "/definitions/<key>/sight": {"rule": "restricted"},
    "/definitions/<key>/sight/grants": {"whom": "olga@example.com"},
    # Not Olga: by then an admin has closed her account.
    "/processes/<process_id>/sight/grants": {"whom": "finn@example.com"},
    "/views": {"page": "tasks", "name": "Late ones", "query": "overdue=1"},
    "/views/<view_id>": {"page": "processes", "name": "Late ones"},
    "/requests/new": {
        "email": "otto@other.example", "ask": "Your papers", "wanted": "files", "by": "2999-12-24",
    },
    "/api/v1/privacy/holds": {"json": {"email": "held@sea.example", "reason": "Claim 12."}},
    "/api/v1/privacy/person": {"json": {"email": "nobody@sea.example"}},
    "/api/v1/privacy/person/copy": {"json": {"email": "nobody@sea.example"}},
    "/api/v1/privacy/person/erasure": {"json": {
        "email": "nobody@sea.example", "confirm": "nobody@sea.example", "basis": "request",
    }},
    "/api/v1/processes/<process_id>/erasure": {"json": {"basis": "request", "confirm": "erase"}},
    "/api/v1/requests": {"json": {
        "to": people.OTTO, "ask": "Your papers", "wanted": "files", "by": "2999-12-24",
    }},
    "/processes/new/<key>": {"amount": "1", "_vendor-email": "vera@vendor.example"},
    "/processes/<process_id>/participants/<role>": {"email": "otto@other.example"},
    "/api/v1/processes/<process_id>/participants/<role>": {"json": people.OTTO},
    "/api/v1/definitions/<key>/sight": {"json": {"restricted": True}},
    "/api/v1/definitions/<key>/sight/grants": {"json": {"whom": "olga@example.com"}},
    "/api/v1/processes/<process_id>/sight/grants": {"json": {"whom": "olga@example.com"}},
    "/api/v1/definitions/<key>/review": {"json": {"holds": False, "note": "Legal first."}},
    "/definitions/<key>/outdated": {"note": "Legal looks first."},
    "/definitions/<key>/move": {"version": "1", "process": "x", "reason": "Because."},
    "/api/v1/definitions/<key>/migrate": {"json": {"version": 1, "reason": "Because."}},
    "/processes/<process_id>/skip": {"step": "look", "reason": "Because."},
    "/processes/<process_id>/reopen": {"step": "details", "reason": "Because."},
    "/api/v1/processes/<process_id>/skip": {"json": {"step": "look", "reason": "Because."}},
    "/api/v1/processes/<process_id>/reopen": {"json": {"step": "details", "reason": "Because."}},
    "/processes/<process_id>/move": {"version": "9", "reason": "Because."},
    "/api/v1/processes/<process_id>/migrate": {"json": {"version": 1, "reason": "Because."}},
    "/processes/<process_id>/exceptions/<trouble_id>": {"how": "retry", "reason": "Once more."},
    "/processes/<process_id>/tasks/<task_id>/reassign": {
        "email": "otto@other.example", "reason": "Away.",
    },
    "/tasks/<look>/delegate": {"email": "olga@example.com", "name": "Olga", "reason": "Hers."},
    "/tasks/<wish>/delegation": {"answer": "agree"},
    "/tasks/<look>/promise": {"day": "2026-12-01"},
    "/w/<papers>/snooze": {"day": "2026-12-01"},
    "/w/timezone": {"timezone": "Europe/Berlin"},
    "/w/<papers>/promise": {"day": "2026-12-01"},
    "/api/v1/tasks/<look>/promise": {"json": {"day": "2026-12-01"}},
    "/w/<papers>/delegate": {"email": "ulla@third.example", "name": "Ulla", "reason": "Hers."},
    "/api/v1/tasks/<look>/delegate": {"json": {
        "to": {"email": "olga@example.com", "name": "Olga"}, "reason": "Hers.",
    }},
    "/api/v1/tasks/<wish>/delegation": {"json": {"answer": "agree"}},
    "/tasks/<look>": {"done": "yes", "_reason": "Dana is away."},
    "/api/v1/definitions": {"data": f"{makers.HEAD}steps:\n{makers.FORM}\n".encode()},
    "/api/v1/exceptions/<exception_id>/resolve": {"json": {"how": "retry", "reason": "Once more."}},
    "/api/v1/processes": {"json": {
        "definition": "demo", "inputs": {"amount": "1"}, "participants": {"vendor": people.VERA},
    }},
    "/api/v1/processes/<process_id>/steps": {"json": {
        "step": {"assign": "buyer", "task": {}}, "after": "look", "reason": "Missing.",
    }},
    "/api/v1/tasks/<papers>/doubts": {"json": {"text": "There is no such paper."}},
    "/api/v1/doubts/<doubt_id>/settle": {"json": {"answer": "It is gone."}},
    "/api/v1/processes/<process_id>/questions": {"json": {"task": "<papers>", "text": "When?"}},
    "/api/v1/tasks/<task_id>/reassign": {"json": {"to": people.OTTO, "reason": "Away."}},
    "/api/v1/tasks/<look>/complete": {"json": {"done": True}},
}  # fmt: skip


Come = Callable[[Flask, World], Caller]
PAGE_CALLERS: dict[str, Come] = {
    "none": lambda app, _: Caller(app.test_client()),
    "vera": lambda app, world: by_link(app, makers.task(world.process, "papers")),
    "otto": lambda app, _: by_link(app, makers.task(makers.start_again(people.OTTO), "details")),
    "finn": lambda app, _: at_the_desk(app, "finn"),
    "dana": lambda app, _: at_the_desk(app, "dana"),
    "aud": lambda app, _: at_the_desk(app, "aud"),
    "ada": lambda app, _: at_the_desk(app, "ada"),
    "tool": lambda app, _: by_token(app, "dana"),
}
API_CALLERS: dict[str, Come] = {
    "none": PAGE_CALLERS["none"],
    "vera": PAGE_CALLERS["vera"],
    "desk": PAGE_CALLERS["dana"],
    "finn": lambda app, _: by_token(app, "finn"),
    "dana": lambda app, _: by_token(app, "dana"),
    "aud": lambda app, _: by_token(app, "aud"),
    "ada": lambda app, _: by_token(app, "ada"),
    "sys": lambda app, _: by_token(app, "dana", is_system=True),
}


@pytest.fixture
def app(sqlite: db.Database, clock: house_clock.Clock, tmp_path: Path) -> Iterator[Flask]:
    """The whole web application, with the cast settled in its database."""
    url = sqlite.url.render_as_string(hide_password=False)
    data = {"PORTAL_DATA_DIR": str(tmp_path / "data"), "PORTAL_DATABASE_URL": url}
    made = create_app(Settings.load(data))
    people.settle()
    entry.forget_callers()
    yield made
    db.current().close()


def answers(app: Flask, come: Come, rows: list[tuple[str, str]]) -> list[str]:
    """What one caller is answered, row by row; whatever succeeded is done to a world only once."""
    world, caller, told = new_world(app), None, []
    for method, rule in rows:
        caller = caller or come(app, world)
        sent = {"json": REASON} if rule.startswith("/api/") else REASON
        answer = caller.call(method, world.path(rule), filled(world, TYPED.get(rule, sent)))
        is_login = (answer.location or "").startswith("/login")
        told.append("in" if is_login else str(answer.status_code))
        answer.close()
        if method == "POST" and answer.status_code < 400:
            world, caller = new_world(app), None
            entry.forget_callers()
    return told


def filled(world: World, typed: dict[str, Any]) -> dict[str, Any]:
    """What is sent, with the ids of this world where a body names some (``<papers>``)."""
    if not isinstance(typed.get("json"), dict):
        return typed
    return {"json": json.loads(world.path(json.dumps(typed["json"])))}


def table(text: str) -> dict[tuple[str, str], dict[str, str]]:
    """What each caller is to be answered, by method and rule."""
    head, *lines = text.strip("\n").splitlines()
    rows = [line.split() for line in lines]
    return {(row[0], row[1]): dict(zip(head.split(), row[2:], strict=True)) for row in rows}


def differences(app: Flask, come: Come, text: str, name: str) -> list[str]:
    """Where one caller is answered otherwise than the table says."""
    wanted = table(text)
    told = answers(app, come, list(wanted))
    return [
        f"{' '.join(row)}: {got} and not {cells[name]}"
        for (row, cells), got in zip(wanted.items(), told, strict=True)
        if got != cells[name]
    ]


@pytest.mark.parametrize("name", PAGE_CALLERS)
def test_a02_every_page_answers_each_as_the_table_says(app: Flask, name: str) -> None:
    assert differences(app, PAGE_CALLERS[name], PAGES, name) == []


@pytest.mark.parametrize("name", API_CALLERS)
def test_a02_every_call_answers_each_as_the_table_says(app: Flask, name: str) -> None:
    assert differences(app, API_CALLERS[name], API, name) == []


def test_g19_every_route_has_a_row(app: Flask) -> None:
    routes = {
        (method, re.sub(r"<[^>]+>", "<>", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    rows = {(method, re.sub(r"<[^>]+>", "<>", rule)) for method, rule in table(PAGES) | table(API)}
    assert rows == routes
