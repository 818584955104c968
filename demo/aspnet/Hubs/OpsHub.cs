using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using HubshareDemo.Admin;
using HubshareDemo.Auth;
using HubshareDemo.Incidents;
using HubshareDemo.Metrics;
using Microsoft.AspNetCore.SignalR;

namespace HubshareDemo.Hubs;

/// <summary>The hub of the ops console: incidents, history of the metrics, and small methods that tests lean on.</summary>
public sealed class OpsHub(IncidentBoard incidents, MetricHistory history, PresenceAnnouncer presence, UserReports reports, Counters counters, SecureHubServices services)
    : SecureHub(services)
{
    private const int LongestSlowMs = 10 * 60_000;

    /// <summary>Methods whose trailing arguments may be left out.</summary>
    public static IReadOnlySet<string> WithOptionalArguments { get; } = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { nameof(SendMe) };

    protected override Task OnAuthorizedAsync() => presence.AnnounceAsync();

    public override async Task OnDisconnectedAsync(Exception? exception)
    {
        await base.OnDisconnectedAsync(exception);
        await presence.AnnounceWithoutAsync(Context.ConnectionId);
    }

    public IReadOnlyList<Incident> ListIncidents() => incidents.List();

    public Incident CreateIncident(string title, string severity) => incidents.Create(title, severity, UserId);

    public Incident AcknowledgeIncident(string id) => incidents.Acknowledge(id, UserId);

    public Incident CloseIncident(string id) => incidents.Close(id, UserId);

    public UserReport GetUserReport(string userId) => reports.Read(Connection, userId);

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

    /// <summary>The metrics that are measured.</summary>
    public IReadOnlyCollection<string> ListMetrics() => MetricNames.All;

    /// <summary>From now on the caller gets the event `metric` with each value of this one.</summary>
    public async Task JoinMetric(string name)
    {
        await Groups.AddToGroupAsync(Context.ConnectionId, MetricNames.JoinableGroupOf(name));
        counters.TopicJoins.Add();
    }

    public async Task LeaveMetric(string name)
    {
        await Groups.RemoveFromGroupAsync(Context.ConnectionId, MetricNames.JoinableGroupOf(name));
        counters.TopicLeaves.Add();
    }

    /// <summary>Ends the caller's connection as a hub does that wants no more of it: its client does not reconnect.</summary>
    public void CloseMe() => Context.Abort();

    public async IAsyncEnumerable<int> Counter(int count, int delayMs, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return i;
            if (delayMs > 0)
            {
                await Task.Delay(delayMs, cancellationToken);
            }
        }
    }

    public IAsyncEnumerable<int> FailingCounter(int count, string message, CancellationToken cancellationToken) =>
        CountThenThrow(count, new HubException(message), cancellationToken);

    /// <summary>Ends with an error that the hub did not mean to tell anyone.</summary>
    public IAsyncEnumerable<int> CrashingCounter(int count, CancellationToken cancellationToken) =>
        CountThenThrow(count, new InvalidOperationException("Crashed on request"), cancellationToken);

    public Task<double> Sum(IAsyncEnumerable<double> values) => AddUpAsync(values);

    public async Task<double[]> SumTwo(IAsyncEnumerable<double> first, IAsyncEnumerable<double> second)
    {
        var (sumOfFirst, sumOfSecond) = await AddUpBothAsync(first, second);
        return [sumOfFirst, sumOfSecond];
    }

    public async Task<string> Label(string before, IAsyncEnumerable<string> items, string after)
    {
        var parts = new List<string>();
        await foreach (var item in items.WithCancellation(Context.ConnectionAborted))
        {
            parts.Add(item);
        }

        return $"{before}{string.Join(',', parts)}{after}";
    }

    public async Task<string> Mix(IAsyncEnumerable<double> a, string label, IAsyncEnumerable<double> b)
    {
        var (sumOfA, sumOfB) = await AddUpBothAsync(a, b);
        return string.Create(CultureInfo.InvariantCulture, $"{label}:{sumOfA}:{sumOfB}");
    }

    /// <summary>A stream in both directions: gives back each item times two as soon as it comes.</summary>
    [SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "The name that both demo hubs give this method")]
    public async IAsyncEnumerable<double> Double(IAsyncEnumerable<double> values, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var value in values.WithCancellation(cancellationToken))
        {
            yield return value * 2;
        }
    }

    /// <summary>Takes items of any kind and gives back how many they were.</summary>
    public async Task<int> Swallow(IAsyncEnumerable<JsonElement> items)
    {
        var count = 0;
        await foreach (var _ in items.WithCancellation(Context.ConnectionAborted))
        {
            count++;
        }

        return count;
    }

    /// <summary>Asks the caller's client method `askName` and gives back what it answered.</summary>
    public Task<string> AskName() => Clients.Caller.InvokeAsync<string>("askName", Context.ConnectionAborted);

    /// <summary>Asks any client method of the caller. An error that the client answers with becomes the error of this call.</summary>
    public Task<JsonElement> Ask(string method, JsonElement value) =>
        Clients.Caller.InvokeAsync<JsonElement>(method, value, Context.ConnectionAborted);

    /// <summary>As <see cref="Ask"/>, but the answer comes back as the event `asked`. Call it with `send`.</summary>
    public async Task AskLater(string method, JsonElement value)
    {
        try
        {
            var answer = await Ask(method, value);
            await Clients.Caller.SendAsync("asked", new { ok = true, value = answer });
        }
        catch (HubException error)
        {
            await Clients.Caller.SendAsync("asked", new { ok = false, error = error.Message });
        }
    }

    private static async IAsyncEnumerable<int> CountThenThrow(int count, Exception error, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return i;
            await Task.Yield();
        }

        throw error;
    }

    private async Task<double> AddUpAsync(IAsyncEnumerable<double> values)
    {
        var sum = 0.0;
        await foreach (var value in values.WithCancellation(Context.ConnectionAborted))
        {
            sum += value;
        }

        return sum;
    }

    /// <summary>
    /// Reads both side by side: SignalR holds ten unread items of an upload (StreamBufferCapacity) and then reads nothing more from the
    /// connection, so the end of the first might never come. Ends with the first error, although the other upload goes on.
    /// </summary>
    private async Task<(double Left, double Right)> AddUpBothAsync(IAsyncEnumerable<double> left, IAsyncEnumerable<double> right)
    {
        var (sumOfLeft, sumOfRight) = (AddUpAsync(left), AddUpAsync(right));
        await foreach (var sum in Task.WhenEach(sumOfLeft, sumOfRight))
        {
            await sum;
        }

        return (await sumOfLeft, await sumOfRight);
    }
}
