namespace HubshareDemo.Admin;

/// <summary>Everything that is counted at the server, each count where the thing happens.</summary>
public sealed class Counters
{
    public Counter ConnectionsTotal { get; } = new();
    public Counter Handshakes { get; } = new();
    public Counter Negotiates { get; } = new();
    public Counter NegotiatesRefused { get; } = new();
    public Counter WebSocketUpgrades { get; } = new();
    public Counter SseStreams { get; } = new();
    public Counter LongPolls { get; } = new();
    public Counter TokensIssued { get; } = new();
    public Counter Refreshes { get; } = new();
    public Counter RefreshesRefused { get; } = new();
    public Counter Reauths { get; } = new();
    public Counter MessagesSent { get; } = new();
    public Counter MessagesReceived { get; } = new();
    public Counter Invocations { get; } = new();
    public Counter InvocationsPending { get; } = new();
    public Counter StreamsOpen { get; } = new();
    public Counter UploadsOpen { get; } = new();
    public Counter ClientResultsPending { get; } = new();
    public Counter TopicJoins { get; } = new();
    public Counter TopicLeaves { get; } = new();
    public Counter AuthFailures { get; } = new();
    public Counter TokensInUrl { get; } = new();
    public Counter BytesSent { get; } = new();
    public Counter BytesReceived { get; } = new();
}
