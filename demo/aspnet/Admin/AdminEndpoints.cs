using System.Text.Json;
using HubshareDemo.Admin.Requests;
using HubshareDemo.Http;
using HubshareDemo.Hubs;
using HubshareDemo.Metrics;
using HubshareDemo.Security;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;

namespace HubshareDemo.Admin;

/// <summary>What the demo page and the tests may ask and change from outside: counts, cuts, refusals, delays, test traffic.</summary>
public sealed class AdminEndpoints(
    Counters counters,
    ConnectionRegistry registry,
    ConnectionCutter cutter,
    Switches switches,
    SequenceSender sequence,
    HubEndpoints hubs,
    HubGroups groups,
    Availability availability,
    IHubContext<OpsHub> hub,
    AccessLog accessLog,
    SecurityLog securityLog,
    SecurityClock clock)
{
    private const int MostPaddingBytes = 1024 * 1024;
    private const int LongestDelayMs = 10 * 60_000;
    private const int LongestUnavailableSeconds = 86_400;

    /// <summary>The end of the year 9999.</summary>
    private const long LatestTimeMs = 253_402_300_799_999;

    private readonly Lock transportsGate = new();
    private HttpTransportType transports = HttpTransports.All;

    public void Map(IEndpointRouteBuilder endpoints)
    {
        var admin = endpoints.MapGroup("/admin").AddEndpointFilter<AdminGuard>();
        admin.MapGet("/counts", Counts);
        admin.MapGet("/stats", () => Results.Json(ConnectionStats.Of(registry)));
        admin.MapGet("/alerts", () => Results.Json(new
        {
            alerts = securityLog.Read(SecurityEventType.Alert),
            warnings = securityLog.Read(SecurityEventType.Warning),
        }));
        admin.MapPost("/clock", ClockAsync);
        admin.MapPost("/cut", CutAsync);
        admin.MapPost("/refuse-tokens", (HttpRequest request) => SwitchAsync(request, on => switches.RefuseTokens = on));
        admin.MapPost("/refuse-refresh", (HttpRequest request) => SwitchAsync(request, on => switches.RefuseRefresh = on));
        admin.MapPost("/subprotocol", (HttpRequest request) => SwitchAsync(request, on => switches.Subprotocol = on));
        admin.MapPost("/delay", DelayAsync);
        admin.MapPost("/token-life", TokenLifeAsync);
        admin.MapPost("/sequence", StartSequenceAsync);
        admin.MapPost("/sequence/stop", () => Results.Json(new { last = sequence.Stop() }));
        admin.MapGet("/sequence", () => Results.Json(new { last = sequence.Last, running = sequence.IsRunning }));
        admin.MapPost("/emit", EmitAsync);
        admin.MapPost("/transports", TransportsAsync);
        admin.MapPost("/unavailable", UnavailableAsync);
        admin.MapGet("/access-log", () => Results.Text(accessLog.Read(), "text/plain"));
    }

    private IResult Counts() => Results.Json(new
    {
        connections = registry.Count,
        connectionsByUser = registry.CountByUser(),
        connectionsTotal = counters.ConnectionsTotal.Value,
        handshakes = counters.Handshakes.Value,
        negotiates = counters.Negotiates.Value,
        negotiatesRefused = counters.NegotiatesRefused.Value,
        webSocketUpgrades = counters.WebSocketUpgrades.Value,
        sseStreams = counters.SseStreams.Value,
        longPolls = counters.LongPolls.Value,
        tokensIssued = counters.TokensIssued.Value,
        refreshes = counters.Refreshes.Value,
        refreshesRefused = counters.RefreshesRefused.Value,
        reauths = counters.Reauths.Value,
        messagesSent = counters.MessagesSent.Value,
        messagesReceived = counters.MessagesReceived.Value,
        invocations = counters.Invocations.Value,
        invocationsPending = counters.InvocationsPending.Value,
        streamsOpen = counters.StreamsOpen.Value,
        uploadsOpen = counters.UploadsOpen.Value,
        clientResultsPending = counters.ClientResultsPending.Value,
        topicJoins = counters.TopicJoins.Value,
        topicLeaves = counters.TopicLeaves.Value,
        topicMembers = groups.Members,
        authFailures = counters.AuthFailures.Value,
        tokensInUrl = counters.TokensInUrl.Value,
        // Only the Node hub has an endpoint that redirects; both answer with the same fields.
        redirects = 0,
        held = switches.Held.Value,
        bytesSent = counters.BytesSent.Value,
        bytesReceived = counters.BytesReceived.Value,
        connectionIds = registry.All.Select(entry => entry.Id).ToList(),
    });

    private async Task<IResult> CutAsync(HttpRequest request)
    {
        var body = await RequestBody.ReadAsync<CutRequest>(request);
        CutStyle? style = body?.How switch
        {
            "abort" => CutStyle.Abort,
            "close" => CutStyle.Close,
            "close-reconnect" => CutStyle.CloseReconnect,
            _ => null,
        };
        return body is null || style is null
            ? Invalid("""{"connectionId"?: string, "how": "abort"|"close"|"close-reconnect", "error"?: string}""")
            : Results.Json(new { cut = await cutter.CutAsync(body.ConnectionId, style.Value, body.Error) });
    }

    private static async Task<IResult> SwitchAsync(HttpRequest request, Action<bool> turn)
    {
        if ((await RequestBody.ReadAsync<SwitchRequest>(request))?.On is not { } on)
        {
            return Invalid("""{"on": boolean}""");
        }

        turn(on);
        return Results.Json(new { on });
    }

    private async Task<IResult> DelayAsync(HttpRequest request)
    {
        var body = await RequestBody.ReadAsync<DelayRequest>(request);
        DelayedStep? step = body?.What switch
        {
            "negotiate" => DelayedStep.Negotiate,
            "refresh" => DelayedStep.Refresh,
            "calls" => DelayedStep.Calls,
            "upgrade" => DelayedStep.Upgrade,
            "polls" => DelayedStep.Polls,
            "posts" => DelayedStep.Posts,
            _ => null,
        };
        if (step is null || body?.Ms is not { } ms || ms is not (>= 0 and <= LongestDelayMs))
        {
            return Invalid("""{"what": "negotiate"|"refresh"|"calls"|"upgrade"|"polls"|"posts", "ms": number}""");
        }

        switches.SetDelay(step.Value, TimeSpan.FromMilliseconds(ms));
        return Results.Json(new { what = body.What, ms });
    }

    private async Task<IResult> TokenLifeAsync(HttpRequest request)
    {
        if ((await RequestBody.ReadAsync<TokenLifeRequest>(request))?.Seconds is not { } seconds || seconds is not (> 0 and <= 86_400))
        {
            return Invalid("""{"seconds": number}""");
        }

        switches.TokenLife = TimeSpan.FromSeconds(seconds);
        return Results.Json(new { seconds });
    }

    private async Task<IResult> StartSequenceAsync(HttpRequest request)
    {
        var body = await RequestBody.ReadAsync<SequenceRequest>(request);
        if (body is not { Count: >= 0 and var count, EveryMs: >= 0 and <= LongestDelayMs and var everyMs }
            || body.Burst is < 1 or > 100_000
            || body.PaddingBytes is < 0 or > MostPaddingBytes
            || body.Event is ""
            || body.Metrics?.All(MetricNames.IsKnown) == false)
        {
            return Invalid("""{"count": number, "everyMs": number, "burst"?: number, "paddingBytes"?: number, "event"?: string, "metrics"?: string[]}""");
        }

        var order = new SequenceOrder(count, everyMs, body.Burst ?? 1, body.PaddingBytes ?? 0, body.Event ?? "sequence", body.Metrics ?? []);
        return sequence.Start(order) is { } run
            ? Results.Json(run)
            : Results.Json(new ErrorBody("SEQUENCE_RUNNING", "A sequence is running: stop it first."), statusCode: StatusCodes.Status409Conflict);
    }

    private async Task<IResult> EmitAsync(HttpRequest request)
    {
        var body = await RequestBody.ReadAsync<EmitRequest>(request);
        if (string.IsNullOrEmpty(body?.Event) || (body.Metric is { } name && !MetricNames.IsKnown(name)))
        {
            return Invalid("""{"event": string, "args"?: array, "user"?: string, "metric"?: string}""");
        }

        object?[] args = [.. (body.Args ?? []).Cast<object?>()];
        if (body.Metric is { } metric)
        {
            var members = groups.Of(MetricNames.GroupOf(metric)).Count;
            await hub.Clients.Group(MetricNames.GroupOf(metric)).SendCoreAsync(body.Event, args);
            return Results.Json(new { sent = members });
        }

        var sent = registry.All.Count(entry => body.User is null || entry.User == body.User);
        await (body.User is null ? hub.Clients.All : hub.Clients.User(body.User)).SendCoreAsync(body.Event, args);
        return Results.Json(new { sent });
    }

    private async Task<IResult> UnavailableAsync(HttpRequest request)
    {
        var wanted = (await RequestBody.ReadAsync<UnavailableRequest>(request))?.RetryAfterSeconds ?? default;
        int? seconds = wanted.ValueKind is JsonValueKind.Number && wanted.TryGetInt32(out var whole) ? whole : null;
        if (wanted.ValueKind is not JsonValueKind.Null && seconds is not (>= 0 and <= LongestUnavailableSeconds))
        {
            return Invalid("""{"retryAfterSeconds": number | null}""");
        }

        availability.RetryAfterSeconds = seconds;
        return Results.Json(new { retryAfterSeconds = seconds });
    }

    private async Task<IResult> ClockAsync(HttpRequest request)
    {
        var wanted = (await RequestBody.ReadAsync<ClockRequest>(request))?.NowMs ?? default;
        long? nowMs = wanted.ValueKind is JsonValueKind.Number && wanted.TryGetInt64(out var whole) ? whole : null;
        if (wanted.ValueKind is not JsonValueKind.Null && nowMs is not (>= 0 and <= LatestTimeMs))
        {
            return Invalid("""{"nowMs": number | null}""");
        }

        clock.StandsAtMs = nowMs;
        return Results.Json(new { nowMs });
    }

    private async Task<IResult> TransportsAsync(HttpRequest request)
    {
        if (await RequestBody.ReadAsync<TransportsRequest>(request) is not { } body)
        {
            return Invalid("""{"webSockets"?: boolean, "serverSentEvents"?: boolean, "longPolling"?: boolean}""");
        }

        lock (transportsGate)
        {
            transports = Change(transports, HttpTransportType.WebSockets, body.WebSockets);
            transports = Change(transports, HttpTransportType.ServerSentEvents, body.ServerSentEvents);
            transports = Change(transports, HttpTransportType.LongPolling, body.LongPolling);
            hubs.Offer(transports);
            return Results.Json(new
            {
                webSockets = transports.HasFlag(HttpTransportType.WebSockets),
                serverSentEvents = transports.HasFlag(HttpTransportType.ServerSentEvents),
                longPolling = transports.HasFlag(HttpTransportType.LongPolling),
            });
        }
    }

    private static HttpTransportType Change(HttpTransportType all, HttpTransportType one, bool? on) => on switch
    {
        true => all | one,
        false => all & ~one,
        null => all,
    };

    private static IResult Invalid(string shape) =>
        Results.Json(new ErrorBody("INVALID_BODY", $"The body must be JSON of the form {shape}"), statusCode: StatusCodes.Status400BadRequest);
}
