using System.Runtime.CompilerServices;
using System.Text.Json;
using HubshareDemo.Auth;
using HubshareDemo.Incidents;
using HubshareDemo.Metrics;
using Microsoft.AspNetCore.SignalR;

namespace HubshareDemo.Hubs;

/// <summary>The hub of the ops console: incidents, history of the metrics, and small methods that tests lean on.</summary>
public sealed class OpsHub(IncidentBoard incidents, MetricHistory history, PresenceAnnouncer presence, ILogger<OpsHub> logger) : SecureHub(logger)
{
    private const int LongestSlowMs = 10 * 60_000;

    /// <summary>Methods whose trailing arguments may be left out.</summary>
    public static IReadOnlySet<string> WithOptionalArguments { get; } = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { nameof(SendMe) };

    protected override async Task OnAuthorizedAsync()
    {
        await Clients.Caller.SendAsync("connection.authorized", new
        {
            userId = UserId,
            sessionId = Context.ConnectionId,
            expiresAt = TokenClaims.ExpiresAtMs(Context.User),
            reauth = "cut",
        });
        await presence.AnnounceAsync();
    }

    public override async Task OnDisconnectedAsync(Exception? exception)
    {
        await base.OnDisconnectedAsync(exception);
        await presence.AnnounceWithoutAsync(Context.ConnectionId);
    }

    public IReadOnlyList<Incident> ListIncidents() => incidents.List();

    public Incident CreateIncident(string title, string severity) => incidents.Create(title, severity, UserId);

    public Incident AcknowledgeIncident(string id) => incidents.Acknowledge(id, UserId);

    public Incident CloseIncident(string id) => incidents.Close(id, UserId);

    public JsonElement Echo(JsonElement value) => value;

    public double Add(double a, double b) => a + b;

    public void Fail(string message) => throw new HubException(message);

    /// <summary>An error that the hub did not mean to tell anyone.</summary>
    public void Crash() => throw new InvalidOperationException("Crashed on request");

    public object WhoAmI() => new { userId = UserId, name = Context.User?.FindFirst(TokenClaims.Name)?.Value, connectionId = Context.ConnectionId };

    public async Task<string> Slow(int ms)
    {
        await Task.Delay(Math.Clamp(ms, 0, LongestSlowMs), Context.ConnectionAborted);
        return "done";
    }

    /// <summary>Sends the event first and completes after it, so that a client can check that it keeps this order.</summary>
    public Task SendMe(string name, JsonElement first, JsonElement second, JsonElement third) =>
        Clients.Caller.SendCoreAsync(name, [.. new[] { first, second, third }.Where(value => value.ValueKind != JsonValueKind.Undefined).Cast<object>()]);

    public IReadOnlyDictionary<string, IReadOnlyList<MetricPoint>> GetHistory() => history.Last();

    /// <summary>
    /// Drops the transport as a broken network would, without a goodbye. With stateful reconnect the client comes back to this same
    /// connection, with its newest token, and nothing is lost: the way to renew a token on ASP.NET Core 8 to 10. Call it with `send`.
    /// </summary>
    [HubMethodName("connection.cut")]
    public void Cut() => Context.GetHttpContext()?.Abort();

    public async IAsyncEnumerable<int> Counter(int n, int delayMs, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var i = 0; i < n; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return i;
            if (delayMs > 0)
            {
                await Task.Delay(delayMs, cancellationToken);
            }
        }
    }

    public async Task<int> Sum(IAsyncEnumerable<int> values)
    {
        var sum = 0;
        await foreach (var value in values.WithCancellation(Context.ConnectionAborted))
        {
            sum = checked(sum + value);
        }

        return sum;
    }

    /// <summary>Asks the caller's client method `askName` and gives back what it answered.</summary>
    public Task<string> AskName() => Clients.Caller.InvokeAsync<string>("askName", Context.ConnectionAborted);
}
